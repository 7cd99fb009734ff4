//! The wire of `chat.v1`: frames, errors, limits and close codes as serde types, and nothing else.
//!
//! The server's functions, the scenario suite and (through generated TypeScript) the web client
//! all take their types from here; `docs/protocol.md` says what the frames mean.

mod admin;
mod change;
mod close;
mod error;
mod event;
mod http;
mod id;
pub mod limits;
mod message;
mod reply;
mod request;

pub use admin::{
    AdminAnswer, AdminCommand, AdminDone, AdminLink, AdminRequest, AdminStatus, AdminUser,
};
pub use change::{Change, Member};
pub use close::CloseCode;
pub use error::{ErrorBody, ErrorCode};
pub use event::Event;
pub use http::{
    AccountStatus, ChangePassword, Emails, Jwk, JwkSet, LoginName, Me, NewAccount, NewEmail,
    NewSession, Problem, ResetPassword, Role, Session, SessionInfo, Sessions, SignUp, SignUpPolicy,
    SignedUp, Ticket, UnlinkEmail, VerifiedEmail, VerifyEmail,
};
pub use id::RequestId;
pub use message::{Message, Tombstone};
pub use reply::{
    Changed, ChangesPage, Greeting, Joined, Left, MessagesPage, Pong, RecentMessages, Refusal,
    Reply, RoomHead, RoomInfo, RoomPresence, RoomsPage, Stored,
};
pub use request::{
    CreateRoom, DeleteMessage, EditMessage, GetRecentMessages, Hello, JoinRoom, LeaveRoom,
    ListRooms, Ping, SendMessage,
};

/// The room that everyone is in.
pub const GENERAL: &str = "general";

#[cfg(test)]
mod typescript;
