//! Who somebody is: from a token or a ticket at `$connect`, from the authorizer's context after.

mod keys;
mod ticket;
mod token;

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::Error;
pub use keys::{KeyError, Keys, PublicKey};
pub use ticket::{SecretHash, TICKET_LIFE, Ticket, Tickets};
pub use token::{AUDIENCE, Claims, ISSUER, LEEWAY, MAX_LIFE, Refused, TOKEN_LIFE, TYPE, verify};

/// A person, on one socket or in one HTTP call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Server-made, `u_...`: the only thing that says who is who.
    pub user_id: String,
    /// A label for others to read.
    pub username: String,
    /// The session that the ticket or token came from.
    pub session_id: Option<String>,
    /// The end of the token that came in the socket's URL, in seconds since 1970, by which the
    /// client is told to replace the socket; nothing for a ticket.
    pub expires_at: Option<i64>,
}

impl Identity {
    /// The authorizer's context. API Gateway turns every value into a string, so they are strings
    /// from the start.
    #[must_use]
    pub fn into_context(self) -> Map<String, Value> {
        let mut context = Map::new();
        let mut put = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                context.insert(name.to_owned(), Value::String(value));
            }
        };
        put("userId", Some(self.user_id));
        put("username", Some(self.username));
        put("sessionId", self.session_id);
        put("tokenExpiresAt", self.expires_at.map(|seconds| seconds.to_string()));
        context
    }

    /// Reads what [`Identity::into_context`] wrote, from a later event of the same socket.
    ///
    /// # Errors
    /// When the context is not the authorizer's.
    pub fn from_context(context: &HashMap<String, Value>) -> Result<Self, Error> {
        let get = |name: &str| context.get(name).and_then(Value::as_str).map(str::to_owned);
        Ok(Self {
            user_id: get("userId").ok_or(Error::Event("userId of the authorizer"))?,
            username: get("username").ok_or(Error::Event("username of the authorizer"))?,
            session_id: get("sessionId"),
            expires_at: get("tokenExpiresAt").and_then(|seconds| seconds.parse().ok()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_context_carries_an_identity_whole() {
        let identity = Identity {
            user_id: "u_1".into(),
            username: "ada".into(),
            session_id: None,
            expires_at: Some(1_700_000_000),
        };
        let context = identity.clone().into_context().into_iter().collect();
        assert_eq!(Identity::from_context(&context).unwrap(), identity);
        assert!(Identity::from_context(&HashMap::new()).is_err());
    }
}
