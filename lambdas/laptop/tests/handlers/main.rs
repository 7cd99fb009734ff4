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

mod admin;
mod authorizer;
mod connection_manager;
mod discretion;
mod edits;
mod emails;
mod get_recent_messages;
mod limits;
mod outside;
mod passwords;
mod planted;
mod rates;
mod rooms;
mod send_message;
mod sessions;
mod sign_up;
mod stage;
mod web;
