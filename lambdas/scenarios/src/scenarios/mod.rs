//! The scenarios that run on any body, by subject. [`ALL`](crate::ALL) lists them.

pub mod accounts;
pub mod history;
pub mod input;
pub mod sending;
pub mod sockets;
pub mod tutorial;
