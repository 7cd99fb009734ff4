//! The web client's pages, as links from outside lead to them.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::settings::Reader;

/// What stands in a link as it is (RFC 3986, section 2.3).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

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
    /// browsers send nowhere, so that no server writes it down; and with it the user's name, so that
    /// the page can say whose account it is about.
    #[must_use]
    pub fn link(&self, path: &str, secret: &str, username: &str) -> String {
        let name = utf8_percent_encode(username, UNRESERVED);
        format!("{}/{path}#token={secret}&name={name}", self.url)
    }
}
