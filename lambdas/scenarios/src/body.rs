use std::collections::BTreeSet;
use std::sync::Arc;

/// What a scenario may need of the platform beneath it. A body lists what it has; a scenario that
/// needs more is left out there, and only then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Capability {
    /// The socket takes one of our own JWTs in its URL (`ALLOW_URL_TOKEN`).
    UrlToken,
    /// Anybody may sign up, at the pace of the scenario.
    OpenSignup,
    /// Frames over 32 KB and messages over 128 KB are refused, and so are binary ones.
    SizeLimits,
    /// Why a socket ended can be read from its close frame.
    CloseCodes,
    /// The status of a refused handshake says why.
    HandshakeStatus,
    /// Frames of one socket are handled side by side.
    ConcurrentFrames,
    /// A socket that does not read fills up, and the platform then refuses posts to it.
    FullBuffers,
}

impl Capability {
    /// Every capability: what the laptop has.
    pub const ALL: [Self; 7] = [
        Self::UrlToken,
        Self::OpenSignup,
        Self::SizeLimits,
        Self::CloseCodes,
        Self::HandshakeStatus,
        Self::ConcurrentFrames,
        Self::FullBuffers,
    ];
}

/// A running Parley, known only by its addresses: the laptop, an emulated AWS, a deployed stage.
///
/// A scenario has the room `general` of its body to itself while it runs: bodies that outlive one
/// scenario run them one after another.
#[derive(Debug, Clone)]
pub struct Body {
    /// Where the HTTP API answers, without a slash at the end.
    pub http_url: Arc<str>,
    /// Where the socket answers, without a query.
    pub ws_url: Arc<str>,
    /// What its platform can do.
    pub capabilities: BTreeSet<Capability>,
    pub(crate) http: reqwest::Client,
}

impl Body {
    /// A body at these addresses.
    #[must_use]
    pub fn new(
        http_url: &str,
        ws_url: &str,
        capabilities: impl IntoIterator<Item = Capability>,
    ) -> Self {
        Self {
            http_url: http_url.trim_end_matches('/').into(),
            ws_url: ws_url.into(),
            capabilities: capabilities.into_iter().collect(),
            http: reqwest::Client::new(),
        }
    }

    /// Whether this body has all of these.
    #[must_use]
    pub fn can(&self, needs: &[Capability]) -> bool {
        needs.iter().all(|need| self.capabilities.contains(need))
    }
}
