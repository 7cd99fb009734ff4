use std::collections::BTreeSet;
use std::sync::Arc;

use crate::transport::Sockets;
use crate::{Admin, Capability, Failure, Mailbox, Outside};

/// How many people send at once in [`crate::scenarios::sending::a_crowd_agrees_on_one_order`].
pub const WRITERS: usize = 8;

/// A running Parley, known only by its addresses: the laptop, an emulated AWS, a deployed stage.
///
/// A scenario has the room `general` of its body to itself while it runs: bodies that outlive one
/// scenario run them one after another. What it leaves there, people and messages, the next one
/// takes as it finds it.
#[derive(Debug, Clone)]
pub struct Body {
    /// Where the HTTP API answers, without a slash at the end.
    pub http_url: Arc<str>,
    /// Where the socket answers, without a query.
    pub ws_url: Arc<str>,
    /// The origin of its web pages, without a slash at the end.
    pub site_url: Arc<str>,
    /// Where its mails can be read.
    pub mailbox: Option<Mailbox>,
    /// The way to its `admin` function.
    pub admin: Option<Admin>,
    /// The outside issuer that it trusts.
    pub outside: Option<Outside>,
    /// What its platform can do.
    pub capabilities: BTreeSet<Capability>,
    /// How many people it is asked to serve at once.
    pub writers: usize,
    /// The way to its sockets, where it is not its address.
    pub sockets: Option<Sockets>,
    pub(crate) http: reqwest::Client,
}

impl Body {
    /// A body at these addresses, with its pages at the first of them.
    ///
    /// # Errors
    /// When one is `https`, and the machine has no roots to trust.
    pub fn new(
        http_url: &str,
        ws_url: &str,
        capabilities: impl IntoIterator<Item = Capability>,
    ) -> Result<Self, Failure> {
        let http = reqwest::Client::builder();
        // Reading the system's roots takes as long as a small scenario.
        let http = if http_url.starts_with("https:") { http } else { http.tls_certs_only([]) };
        Ok(Self {
            http_url: http_url.trim_end_matches('/').into(),
            ws_url: ws_url.into(),
            site_url: http_url.trim_end_matches('/').into(),
            mailbox: None,
            admin: None,
            outside: None,
            capabilities: capabilities.into_iter().collect(),
            writers: WRITERS,
            sockets: None,
            http: http.build()?,
        })
    }

    /// Which of these this body lacks.
    #[must_use]
    pub fn lacks(&self, needs: &[Capability]) -> Vec<Capability> {
        needs.iter().filter(|need| !self.capabilities.contains(need)).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;

    use tokio::io::AsyncReadExt;
    use tokio::net::TcpListener;

    use super::*;
    use crate::{Call, within};

    /// The first bytes that a client of this address sends.
    async fn first_bytes<F: Future>(client: impl FnOnce(String) -> F) -> [u8; 2] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let served = async {
            let (mut tcp, _) = listener.accept().await.unwrap();
            let mut bytes = [0; 2];
            tcp.read_exact(&mut bytes).await.unwrap();
            bytes
        };
        let (bytes, _) = tokio::join!(within("first bytes", served), client(address));
        bytes.unwrap()
    }

    /// A build without TLS, without roots or with two crypto providers would fail, or panic, on AWS
    /// alone: there each address is `https` or `wss`.
    #[tokio::test]
    async fn secure_addresses_begin_with_a_tls_handshake() {
        let hello = [22, 3];
        let call = first_bytes(|address| async move {
            let body = Body::new(&format!("https://{address}"), "wss://unused", []).unwrap();
            body.call(Call::get("/ping")).await
        });
        assert_eq!(call.await, hello);
        let socket = first_bytes(|address| async move {
            let body = Body::new("http://unused", &format!("wss://{address}"), []).unwrap();
            body.handshake(&body.ws_url, None).await
        });
        assert_eq!(socket.await, hello);
    }
}
