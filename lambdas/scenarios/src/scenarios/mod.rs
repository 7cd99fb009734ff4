//! The scenarios that run on any body, by subject. [`ALL`](crate::ALL) lists them.

pub mod accounts;
pub mod admin;
mod emails;
pub mod history;
pub mod input;
mod names;
pub mod origins;
pub mod outside;
pub mod passwords;
pub mod sending;
pub mod sessions;
pub mod sockets;
pub mod tutorial;
