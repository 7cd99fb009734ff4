//! `docs/protocol.md` and the types say the same: every frame that the document shows is one that the
//! types read and write, and every table lists what the types have.

// clippy.toml allows these in `#[test]` functions only; here all is test.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod frames;
mod markdown;
mod previous;
mod reflect;
mod tables;
