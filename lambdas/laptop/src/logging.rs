//! Logs go to stderr: for people in a terminal, as JSON with `LOG_FORMAT=json`.

use std::io::IsTerminal as _;
use std::panic::{Location, set_hook};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// Crates that write requests or frames into their own logs, below level `info`.
const TALKATIVE: [&str; 11] = [
    "aws_runtime",
    "aws_sdk_apigatewaymanagement",
    "aws_sdk_dynamodb",
    "aws_sdk_kms",
    "aws_sigv4",
    "aws_smithy_http",
    "aws_smithy_runtime",
    "hyper",
    "hyper_util",
    "tokio_tungstenite",
    "tungstenite",
];

/// Starts logging at level `info`, unless `RUST_LOG` says otherwise.
///
/// Log lines name functions, routes, ids and errors. Tokens, query strings and bodies are in none,
/// whatever the level; of a panic the place is logged and not the message, which may quote them.
pub fn start() {
    let filter = filter(&std::env::var("RUST_LOG").unwrap_or_default());
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if std::env::var("LOG_FORMAT").is_ok_and(|format| format == "json") {
        logs.json().flatten_event(true).init();
    } else {
        logs.with_ansi(std::io::stderr().is_terminal()).with_target(false).init();
    }
    set_hook(Box::new(|panic| {
        let place = panic.location().map(Location::to_string).unwrap_or_default();
        tracing::error!(place, "panic");
    }));
}

fn filter(directives: &str) -> EnvFilter {
    let filter = EnvFilter::builder()
        .with_default_directive(LevelFilter::INFO.into())
        .parse_lossy(directives);
    let caps = TALKATIVE.iter().filter_map(|name| format!("{name}=info").parse().ok());
    caps.fold(filter, EnvFilter::add_directive)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_level_shows_requests_and_frames() {
        for directives in ["trace", "tungstenite=trace"] {
            let filter = filter(directives).to_string();
            for name in TALKATIVE {
                assert!(filter.split(',').any(|part| part == format!("{name}=info")), "{filter}");
            }
            assert!(!filter.contains("tungstenite=trace"), "{filter}");
        }
    }
}
