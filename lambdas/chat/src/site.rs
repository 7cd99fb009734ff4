//! The web client's pages, as links from outside lead to them.

use crate::settings::Reader;

/// Where the web client is.
#[derive(Debug, Clone)]
pub struct Site {
    url: String,
}

impl Site {
    /// Reads `SITE_URL`.
    pub fn new(settings: &mut Reader<'_>) -> Self {
        Self { url: settings.url("SITE_URL") }
    }

    /// The address of a page.
    #[must_use]
    pub fn page(&self, path: &str) -> String {
        format!("{}/{path}", self.url)
    }

    /// The address of a page that a one-time link leads to. The secret stands behind the `#`, which
    /// browsers send nowhere, so that no server writes it down.
    #[must_use]
    pub fn link(&self, path: &str, secret: &str) -> String {
        format!("{}/{path}#token={secret}", self.url)
    }
}
