//! The setting `TRUSTED_ISSUERS`.

use std::collections::HashSet;

use authorizer::issuers::{Source, parse};

pub(crate) fn run(data: &[u8]) {
    let trusted = match parse(crate::text(data)) {
        Ok(trusted) => trusted,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let distinct = |of: fn(&authorizer::issuers::Trusted) -> &str| {
        trusted.iter().map(of).collect::<HashSet<_>>().len() == trusted.len()
    };
    assert!(distinct(|one| &one.namespace) && distinct(|one| &one.issuer));
    for one in &trusted {
        assert!(!one.namespace.contains('/') && one.namespace.is_ascii());
        assert!(one.issuer != "parley" && !one.audience.is_empty());
        if let Source::Jwks(url) = &one.source {
            let local = matches!(url.host_str(), Some("localhost" | "[::1]"))
                || url.host_str().is_some_and(|host| host.starts_with("127."));
            assert!(url.scheme() == "https" || local, "{url}");
        }
    }
}
