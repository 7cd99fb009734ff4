//! The one TCP port.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket};

use crate::StartError;

/// What the kernel may hold for a socket that does not read, in bytes (Linux doubles it).
///
/// By itself Linux lets this grow to megabytes per socket; then a reader that stalled would be
/// noticed, and its memory freed, that much later.
const SEND_BUFFER_BYTES: u32 = 64 * 1024;
/// Handshakes that may wait to be accepted.
const BACKLOG: u32 = 1024;

/// An address that is taken and not yet listened on.
#[derive(Debug)]
pub(crate) struct Bound {
    socket: TcpSocket,
    address: SocketAddr,
}

impl Bound {
    pub(crate) fn to(address: SocketAddr) -> Result<Self, StartError> {
        let bind = || {
            let socket = match address {
                SocketAddr::V4(_) => TcpSocket::new_v4(),
                SocketAddr::V6(_) => TcpSocket::new_v6(),
            }?;
            // On Windows this option would let two servers share the port.
            #[cfg(unix)]
            socket.set_reuseaddr(true)?;
            // Accepted sockets inherit it.
            socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
            socket.bind(address)?;
            Ok(socket)
        };
        match bind() {
            Ok(socket) => Ok(Self { socket, address }),
            Err(error) => Err(failure(address, error)),
        }
    }

    pub(crate) fn listen(self) -> Result<(TcpListener, SocketAddr), StartError> {
        let listen = || {
            let listener = self.socket.listen(BACKLOG)?;
            let address = listener.local_addr()?;
            Ok((listener, address))
        };
        listen().map_err(|error| failure(self.address, error))
    }
}

fn failure(address: SocketAddr, error: io::Error) -> StartError {
    if error.kind() == io::ErrorKind::AddrInUse {
        StartError::PortInUse(address.port())
    } else {
        StartError::Listen(address, error)
    }
}
