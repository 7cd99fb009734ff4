//! The binary that people run, as a process of its own: to be killed, and to have its log read.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};

use scenarios::{Body, Call, Failure, Outcome, Platform, within};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use crate::support::{OUTSIDE_SECRET, issuers};

/// A running laptop, killed when dropped.
pub(crate) struct Shipped {
    pub(crate) body: Body,
    child: Child,
    log: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> Result<u16, Failure> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// A program of the workspace.
pub(crate) fn binary(name: &str) -> Result<PathBuf, Failure> {
    // target/debug/deps/laptop-<hash> is this test; the binary stands one directory up.
    let test = std::env::current_exe()?;
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let binary = test.ancestors().nth(2).map(|directory| directory.join(file));
    let missing = || Failure::new(format!("{name} is not built: `make test-rust` builds it"));
    binary.filter(|path| path.is_file()).ok_or_else(missing)
}

impl Shipped {
    /// Starts it, and waits until it says that it is ready.
    pub(crate) async fn start(data: &Path, port: u16) -> Result<Self, Failure> {
        let secret = data.with_extension("secret");
        std::fs::write(&secret, OUTSIDE_SECRET)?;
        let mut child = Command::new(binary("parley-laptop")?)
            .args(["--port", &port.to_string(), "--data"])
            .arg(data)
            // All that a test does comes from one address.
            .env("ADDRESS_LIMITS", "off")
            .env("TRUSTED_ISSUERS", issuers(json!({ "secretFile": secret })))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let log = Arc::new(Mutex::new(String::new()));
        let readers = vec![
            collect(child.stdout.take(), Arc::clone(&log)),
            collect(child.stderr.take(), Arc::clone(&log)),
        ];
        let body = Body::new(
            &format!("http://127.0.0.1:{port}"),
            &format!("ws://127.0.0.1:{port}/ws"),
            Platform::Laptop.capabilities().iter().copied(),
        )?;
        let mut shipped = Self { body, child, log, readers };
        within("readiness", shipped.ready()).await??;
        Ok(shipped)
    }

    async fn ready(&mut self) -> Outcome {
        loop {
            if let Ok(answer) = self.body.call(Call::get("/ping")).await
                && answer.text == "PONG!"
            {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                let log = self.log.lock().unwrap_or_else(PoisonError::into_inner).clone();
                return Err(Failure::new(format!("it ended with {status}: {log}")));
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    /// Kills it in the middle of whatever it is doing, and returns all that it wrote to its log.
    pub(crate) async fn kill(mut self) -> Result<String, Failure> {
        // SIGKILL: no handler of the process gets a word in.
        within("end of the process", self.child.kill()).await??;
        for reader in self.readers.drain(..) {
            within("end of the log", reader).await??;
        }
        Ok(std::mem::take(&mut *self.log.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

fn collect(
    from: Option<impl AsyncRead + Unpin + Send + 'static>,
    log: Arc<Mutex<String>>,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        let Some(from) = from else { return };
        let mut lines = BufReader::new(from).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
            log.push_str(&line);
            log.push('\n');
        }
    })
}
