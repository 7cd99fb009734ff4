//! The one TCP port.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

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
            let address = socket.local_addr()?;
            Ok(Self { socket, address })
        };
        match bind() {
            Ok(bound) => Ok(bound),
            Err(error) => Err(failure(address, error)),
        }
    }

    /// The address with its port, also when any free one was asked for.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
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

/// What a person on this machine types to get to the site: `localhost` where it leads there.
pub(crate) fn site_url(address: SocketAddr) -> String {
    let ip = address.ip();
    let named = ip == Ipv4Addr::LOCALHOST || ip == Ipv6Addr::LOCALHOST || ip.is_unspecified();
    if named { format!("http://localhost:{}", address.port()) } else { format!("http://{address}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_site_is_on_localhost_where_that_leads_there() {
        let url = |address: &str| site_url(address.parse().unwrap());
        for address in ["127.0.0.1:80", "[::1]:80", "0.0.0.0:80", "[::]:80"] {
            assert_eq!(url(address), "http://localhost:80", "{address}");
        }
        assert_eq!(url("192.0.2.1:80"), "http://192.0.2.1:80");
        assert_eq!(url("127.0.0.2:80"), "http://127.0.0.2:80");
    }
}
