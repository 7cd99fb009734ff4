//! The laptop from outside: its gateway over real sockets, its embedded services through the SDK.

// clippy.toml allows these in `#[test]` functions only; here all is test.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod admin;
mod binary;
mod connections;
mod database;
mod faults;
mod handshake;
mod http;
mod kms;
mod life;
mod limits;
mod mailbox;
mod messages;
mod rotation;
mod services;
mod simulation;
mod support;
