//! Each function's `handle`, fed with the events that API Gateway makes, against the embedded
//! DynamoDB in memory. What a socket sees of it, the scenarios test.

// clippy.toml allows these in `#[test]` functions only; here all is test.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod accounts;
mod authorizer;
mod connection_manager;
mod get_recent_messages;
mod outside;
mod send_message;
mod stage;
