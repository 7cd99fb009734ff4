//! The nouns that Parley's functions share, one file each: the room's [`log`], its [`rooms`], the
//! who is in them ([`memberships`]), sockets ([`connections`], [`subscriptions`]), [`telling`], [`fanout`] and [`farewell`], people ([`accounts`],
//! [`sessions`], [`identity`]), and what a function stands on ([`settings`], [`aws`], [`frame`], [`budget`], [`runtime`]).
//!
//! A use case is not here: it is the `handle` of its function.

pub mod accounts;
pub mod aws;
pub mod budget;
pub mod clock;
pub mod connections;
pub mod error;
pub mod fanout;
pub mod farewell;
pub mod frame;
pub mod id;
pub mod identity;
pub mod log;
pub mod memberships;
pub mod origin;
mod push;
pub mod rates;
pub mod rooms;
#[cfg(feature = "lambda")]
pub mod runtime;
pub mod sessions;
pub mod settings;
pub mod site;
pub mod subscriptions;
pub mod telling;
mod transaction;

pub use error::Error;
pub use settings::{Settings, SettingsError};
