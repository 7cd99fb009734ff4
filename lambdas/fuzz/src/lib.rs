//! What is done with input from outside, as functions that take any bytes and may not panic: the
//! bodies of the fuzz targets. `scripts/fuzz` searches for new input with libFuzzer (`runner`);
//! `make test` replays what was found before (`corpus`), without it.

// A target tells by panicking that something is wrong.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a target fails by panicking"
)]

mod address;
mod body;
mod email;
mod frame;
mod issuers;
mod jwks;
mod origin;
mod outside_token;
mod public_keys;
mod routing;
mod row;
mod session_cookie;
pub mod signer;
mod ticket;
mod token;
mod user_name;

/// A parser or a decision, with what must be true of its answer.
#[derive(Debug)]
pub struct Target {
    /// Also the name of its folder in `corpus`.
    pub name: &'static str,
    /// Runs it once; panics when the answer is wrong.
    pub run: fn(&[u8]),
}

/// Every target, by name.
pub const TARGETS: &[Target] = &[
    Target { name: "address", run: address::run },
    Target { name: "body", run: body::run },
    Target { name: "email", run: email::run },
    Target { name: "frame", run: frame::run },
    Target { name: "issuers", run: issuers::run },
    Target { name: "jwks", run: jwks::run },
    Target { name: "origin", run: origin::run },
    Target { name: "outside_token", run: outside_token::run },
    Target { name: "public_keys", run: public_keys::run },
    Target { name: "routing", run: routing::run },
    Target { name: "row", run: row::run },
    Target { name: "session_cookie", run: session_cookie::run },
    Target { name: "ticket", run: ticket::run },
    Target { name: "token", run: token::run },
    Target { name: "user_name", run: user_name::run },
];

/// The target of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

/// Input as a text: what is not UTF-8 never reaches these parsers.
fn text(data: &[u8]) -> &str {
    std::str::from_utf8(data).unwrap_or_default()
}
