//! From where a call comes.

use std::net::{IpAddr, Ipv6Addr};

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use aws_lambda_events::http::header::HeaderName;

use crate::http;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The network address of who calls, as far as it can be known: the API appends its own peer to
/// `X-Forwarded-For`, and each proxy before it the one that it saw, so the caller stands before as
/// many entries as there are proxies. What stands before that, anybody may have written.
///
/// Of IPv6 it is the network of 64 bits, of which one person has all.
#[must_use]
pub fn of(event: &ApiGatewayV2httpRequest, proxies: usize) -> String {
    let peer = event.request_context.http.source_ip.as_deref().unwrap_or_default();
    let forwarded = http::header(event, FORWARDED_FOR).unwrap_or(peer);
    network(entry(forwarded, proxies).unwrap_or(peer))
}

fn entry(forwarded: &str, proxies: usize) -> Option<&str> {
    forwarded.rsplit(',').nth(proxies).map(str::trim)
}

fn network(address: &str) -> String {
    match address.parse() {
        Ok(IpAddr::V4(address)) => address.to_string(),
        Ok(IpAddr::V6(address)) => match address.to_ipv4_mapped() {
            Some(address) => address.to_string(),
            None => {
                let [a, b, c, d, ..] = address.segments();
                Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).to_string()
            }
        },
        // All that say nonsense share one limit.
        Err(_) => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_caller_stands_before_the_proxies() {
        let forwarded = "6.6.6.6, 1.2.3.4, 10.0.0.1";
        for (proxies, expected) in
            [(0, Some("10.0.0.1")), (1, Some("1.2.3.4")), (2, Some("6.6.6.6")), (3, None)]
        {
            assert_eq!(entry(forwarded, proxies), expected, "{proxies}");
        }
    }

    #[test]
    fn a_network_is_what_one_person_has() {
        for (address, expected) in [
            ("1.2.3.4", "1.2.3.4"),
            ("::ffff:1.2.3.4", "1.2.3.4"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("2001:db8:1:2::ffff", "2001:db8:1:2::"),
            ("evil", "unknown"),
            ("", "unknown"),
        ] {
            assert_eq!(network(address), expected, "{address}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics_and_no_key_is_long(forwarded in any::<String>(), proxies in 0usize..5) {
            prop_assert!(network(entry(&forwarded, proxies).unwrap_or_default()).len() < 50);
        }
    }
}
