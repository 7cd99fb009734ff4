//! The command line from outside: the program itself, at a laptop and at what plays AWS.

// clippy.toml allows these in `#[test]` functions only; here all is test.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]
#![cfg(unix)]

mod answers;
mod aws;
mod lambda;
mod laptop;
mod program;
