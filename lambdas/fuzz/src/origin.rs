//! The setting `ALLOWED_ORIGINS`, a header `Origin` and a header `Host`, a line each.

use chat::origin::{Origins, shown};

pub(crate) fn run(data: &[u8]) {
    let mut lines = crate::text(data).splitn(3, '\n');
    let setting = lines.next().unwrap_or_default();
    let (origin, host) = (lines.next(), lines.next());
    for header in [origin, host] {
        let shown = shown(header);
        assert!(shown.len() <= 256 && shown.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
    }
    let Ok(origins) = Origins::parse(setting) else { return };
    assert!(origins.allows(None, host));
    let Some(origin) = origin.filter(|origin| origins.allows(Some(origin), host)) else { return };

    // A page that was let in is of a host that was listed or called.
    let lower = origin.to_ascii_lowercase();
    let place = lower.strip_prefix("http://").or_else(|| lower.strip_prefix("https://"));
    let place = place.expect("an origin of the web");
    assert!(!place.contains(['/', '@', '?', '#', ',', ' ', '\\']), "{origin}");
    let name = |place: &str| match place.split_once(']') {
        Some((address, _)) => address.to_owned(),
        None => place.split(':').next().unwrap_or_default().to_owned(),
    };
    let loopback = ["localhost", "127.0.0.1", "[::1"];
    let called = name(&host.unwrap_or_default().to_ascii_lowercase());
    let listed = setting.to_ascii_lowercase();
    let listed = listed.split_whitespace().filter_map(|entry| entry.split_once("://"));
    let page = name(place);
    assert!(
        listed.map(|(_, place)| name(place)).any(|listed| listed == page)
            || called == page
            || (loopback.contains(&page.as_str()) && loopback.contains(&called.as_str())),
        "{origin}"
    );
}
