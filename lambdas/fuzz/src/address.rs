//! A count of proxies, a peer's address and a header `X-Forwarded-For`, a line each: which address a
//! limit counts.

use accounts::address;
use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use aws_lambda_events::http::HeaderValue;

pub(crate) fn run(data: &[u8]) {
    let mut lines = data.splitn(3, |byte| *byte == b'\n');
    let proxies = crate::text(lines.next().unwrap_or_default()).parse().unwrap_or(0);
    let peer = crate::text(lines.next().unwrap_or_default());
    let forwarded = lines.next().map(HeaderValue::from_bytes);
    // Others come to no function.
    let Some(Ok(forwarded)) = forwarded.filter(|_| proxies < 8) else { return };

    let mut event = ApiGatewayV2httpRequest::default();
    event.request_context.http.source_ip = Some(peer.to_owned());
    event.headers.insert("x-forwarded-for", forwarded.clone());
    let network = address::of(&event, proxies);
    assert!(network == "unknown" || network.parse::<std::net::IpAddr>().is_ok(), "{network}");

    // Whatever a caller writes before what the proxies append, the same network is counted.
    let entries = forwarded.as_bytes().iter().filter(|byte| **byte == b',').count() + 1;
    if entries > proxies && forwarded.to_str().is_ok() {
        let before = [b"6.6.6.6, ", forwarded.as_bytes()].concat();
        event.headers.insert("x-forwarded-for", HeaderValue::from_bytes(&before).unwrap());
        let claimed = address::of(&event, proxies);
        assert_eq!(claimed, network, "{forwarded:?}");
    }
}
