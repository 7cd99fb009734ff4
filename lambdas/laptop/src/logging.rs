//! Logs go to stderr: for people in a terminal, as JSON with `LOG_FORMAT=json`.

use std::io::IsTerminal as _;
use std::panic::{Location, set_hook};

use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::filter::{FilterExt as _, FilterFn, LevelFilter, Targets};
use tracing_subscriber::layer::{Filter, Layer as _, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Crates that write requests or frames into their own logs, below level `info`.
const TALKATIVE: [&str; 17] = [
    "aws_runtime",
    "aws_sdk_apigatewaymanagement",
    "aws_sdk_dynamodb",
    "aws_sdk_kms",
    "aws_sdk_sesv2",
    "aws_sdk_ssm",
    "aws_sigv4",
    "aws_smithy_http",
    "aws_smithy_runtime",
    "aws_smithy_runtime_api",
    "dynoxide",
    "h2",
    "hyper",
    "hyper_util",
    "reqwest",
    "tokio_tungstenite",
    "tungstenite",
];

/// Starts logging at level `info`, unless `RUST_LOG` says otherwise.
///
/// Log lines name functions, routes, ids and errors. Tokens, query strings and bodies are in none,
/// whatever the level; of a panic the place is logged and not the message, which may quote them.
pub fn start() {
    let filter = filter(&std::env::var("RUST_LOG").unwrap_or_default());
    let logs = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let registry = tracing_subscriber::registry();
    if std::env::var("LOG_FORMAT").is_ok_and(|format| format == "json") {
        registry.with(logs.json().flatten_event(true).with_filter(filter)).init();
    } else {
        let logs = logs.with_ansi(std::io::stderr().is_terminal()).with_target(false);
        registry.with(logs.with_filter(filter)).init();
    }
    set_hook(Box::new(|panic| {
        let place = panic.location().map(Location::to_string).unwrap_or_default();
        tracing::error!(place, "panic");
    }));
}

/// What the directives ask for, without what no directive may ask for.
///
/// The cap is a filter of its own: among directives the longest target wins, so that one for
/// `tungstenite::protocol` would beat any that we add for `tungstenite`.
fn filter<S>(directives: &str) -> impl Filter<S> + use<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    // What cannot be read asks for nothing: a typing error must not silence the log.
    let readable = |one: &&str| !one.is_empty() && one.parse::<Targets>().is_ok();
    let directives: Vec<_> = directives.split(',').map(str::trim).filter(readable).collect();
    let asked = if directives.is_empty() {
        Targets::new()
    } else {
        directives.join(",").parse().unwrap_or_default()
    };
    let level = asked.default_level().unwrap_or(LevelFilter::INFO);
    let asked = asked.with_default(level);
    // The hint leaves the level to the directives. Without one there is none for both together, and
    // every line of every crate would be offered to the filter.
    let cap = FilterFn::new(is_discreet).with_max_level_hint(LevelFilter::TRACE);
    asked.and(cap)
}

/// Whether a line tells nothing of requests and frames.
fn is_discreet(line: &Metadata<'_>) -> bool {
    let is_of = |name: &&str| {
        let rest = line.target().strip_prefix(*name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    *line.level() <= Level::INFO || !TALKATIVE.iter().any(is_of)
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What these lines leave in the log under these directives.
    fn logged(directives: &str, lines: impl FnOnce()) -> String {
        let log = Log::default();
        let writer = log.clone();
        let layer =
            tracing_subscriber::fmt::layer().with_ansi(false).with_writer(move || writer.clone());
        let subscriber = tracing_subscriber::registry().with(layer.with_filter(filter(directives)));
        tracing::subscriber::with_default(subscriber, lines);
        let bytes = log.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn no_directive_shows_requests_and_frames() {
        for directives in [
            "trace",
            "tungstenite=trace",
            "info,tungstenite::protocol=trace",
            "tungstenite::protocol::frame=trace,hyper::proto=trace,aws_smithy_runtime=debug",
            "aws_sdk_sesv2=trace,aws_sdk_ssm::operation=trace,reqwest=trace,h2::codec=trace",
        ] {
            let log = logged(directives, || {
                tracing::trace!(target: "tungstenite", "a secret");
                tracing::trace!(target: "tungstenite::protocol", "a secret");
                tracing::debug!(target: "tungstenite::protocol::frame", "a secret");
                tracing::trace!(target: "hyper::proto::h1::io", "a secret");
                tracing::debug!(target: "aws_smithy_runtime::client::http", "a secret");
                tracing::debug!(target: "aws_sdk_sesv2::operation", "a secret");
                tracing::debug!(target: "aws_sdk_ssm::operation", "a secret");
                tracing::trace!(target: "reqwest::connect", "a secret");
                tracing::debug!(target: "h2::codec::framed_write", "a secret");
                tracing::info!(target: "tungstenite::protocol", "no secret");
            });
            assert!(!log.contains("a secret"), "{directives}: {log}");
        }
    }

    #[test]
    fn the_other_lines_follow_the_directives() {
        let lines = || {
            tracing::debug!(target: "laptop::gateway", "ours");
            tracing::debug!(target: "hyperbole", "a namesake");
            tracing::info!(target: "tungstenite::protocol", "important");
        };
        let log = logged("debug", lines);
        for line in ["ours", "a namesake", "important"] {
            assert!(log.contains(line), "{line}: {log}");
        }
        let log = logged("", lines);
        assert!(!log.contains("ours") && log.contains("important"), "{log}");
        assert!(logged("laptop=debug", lines).contains("important"), "the rest stays at info");
        assert!(logged("laptop=loud", lines).contains("important"), "and so after a typing error");
        assert_eq!(logged("off", lines), "");
    }
}
