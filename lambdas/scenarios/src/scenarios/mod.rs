//! The scenarios that run on any body, by subject. [`ALL`](crate::ALL) lists them.

pub mod accounts;
pub mod admin;
pub mod editing;
mod emails;
pub mod history;
pub mod input;
pub mod limits;
mod names;
pub mod origins;
pub mod outside;
pub mod passwords;
pub mod rooms;
pub mod sending;
pub mod sessions;
pub mod sockets;
pub mod tutorial;
