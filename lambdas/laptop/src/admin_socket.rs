//! The door for administrators: a Unix socket in the data directory. Whoever may open it may do
//! everything, as whoever may read the directory.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::net::UnixListener;
use tokio::task::JoinHandle;

use crate::gateway::Gateway;
use crate::invoke;

const NAME: &str = "admin.sock";
/// Where it is made, out of others' reach until it has its mode.
const WORKSHOP: &str = "admin.new";

/// The open door. Dropped without [`close`](Self::close) it leaves its file behind, as a process that
/// was killed does; the next start replaces it.
#[derive(Debug)]
pub(crate) struct AdminSocket {
    path: PathBuf,
    server: JoinHandle<()>,
}

impl AdminSocket {
    /// Opens it in a data directory that this process has locked. Without it the laptop still serves
    /// people: a file system may have no sockets, and their paths are short (107 bytes on Linux, for the
    /// one in the workshop).
    pub(crate) fn open(directory: &Path, gateway: &Arc<Gateway>) -> Option<Self> {
        let path = directory.join(NAME);
        let listener = match bind(directory, &path) {
            Ok(listener) => listener,
            Err(error) => {
                let path = path.display();
                tracing::warn!("{path} cannot be made, so `parley admin` does not work: {error}");
                return None;
            }
        };
        let service = invoke::router(Arc::clone(gateway)).into_make_service();
        let stopped = gateway.stopped();
        let server = tokio::spawn(async move {
            let serve = axum::serve(listener, service).with_graceful_shutdown(stopped);
            if let Err(error) = serve.await {
                tracing::error!(%error, "the administrators' socket ended");
            }
        });
        Some(Self { path, server })
    }

    /// Removes the file, and waits for the commands that are under way.
    pub(crate) async fn close(&mut self) {
        // An error says that it is gone already.
        drop(fs::remove_file(&self.path));
        drop((&mut self.server).await);
    }
}

impl Drop for AdminSocket {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// A rename replaces what a killed process left, and at no time is there a socket of another mode.
fn bind(directory: &Path, path: &Path) -> io::Result<UnixListener> {
    let workshop = directory.join(WORKSHOP);
    match fs::remove_dir_all(&workshop) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    DirBuilder::new().mode(0o700).create(&workshop)?;
    let made = workshop.join(NAME);
    let listener = UnixListener::bind(&made);
    let ready = listener.and_then(|listener| {
        fs::set_permissions(&made, Permissions::from_mode(0o600))?;
        fs::rename(&made, path)?;
        Ok(listener)
    });
    fs::remove_dir_all(&workshop)?;
    ready
}
