//! The suite on the laptop: every scenario that runs anywhere, and those that need to reach into the
//! body: to inject faults, to shorten its limits, to kill it.

#![expect(
    clippy::indexing_slicing,
    reason = "a test may panic; clippy's own exemption knows only functions marked as tests"
)]

mod abuse;
mod conflicts;
mod cookies;
mod endings;
mod fanout;
mod golden;
mod handlers;
mod history;
mod kill;
mod life;
mod portable;
mod previous;
mod program;
mod rates;
mod rights;
mod shipped;
mod sign_up;
mod support;
mod tokens;
