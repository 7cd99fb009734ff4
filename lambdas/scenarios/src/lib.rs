//! The end-to-end suite: what a person at a client may rely on, said as programs that know nothing
//! but the wire. Each scenario takes a [`Body`], so that the same one runs against the laptop, an
//! emulated AWS and a deployed stage.

mod admin;
mod body;
pub mod client;
mod failure;
pub mod history;
mod http;
mod mailbox;
mod outside;
mod person;
mod platform;
pub mod raw;
mod report;
mod run;
mod scenario;
pub mod scenarios;
pub mod smoke;
pub mod token;
pub mod transport;
pub mod verify;
pub mod wire;

pub use admin::Admin;
pub use body::{Body, WRITERS};
pub use client::Client;
pub use failure::{Failure, Outcome, PATIENCE, within};
pub use http::{Answer, Call};
pub use mailbox::{Mail, Mailbox};
pub use outside::{Outside, now};
pub use person::{
    DEVICE_COOKIE, Person, SESSION_COOKIE, fresh_email, fresh_name, fresh_password, log_in,
};
pub use platform::{Capability, Platform};
pub use run::{list, run};
pub use scenario::{ALL, Scenario};
