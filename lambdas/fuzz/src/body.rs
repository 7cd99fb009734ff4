//! The body of a call, as each call of the HTTP API and each command of administrators reads it.

use protocol::{
    AdminRequest, ChangePassword, LoginName, NewAccount, NewEmail, NewSession, ResetPassword,
    UnlinkEmail, VerifyEmail,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub(crate) fn run(data: &[u8]) {
    read::<NewAccount>(data);
    read::<LoginName>(data);
    read::<VerifyEmail>(data);
    read::<NewEmail>(data);
    read::<UnlinkEmail>(data);
    read::<ChangePassword>(data);
    read::<ResetPassword>(data);
    read::<NewSession>(data);
    read::<AdminRequest>(data);
}

/// What was read says all that it needs: written, it is read as the same.
fn read<T: DeserializeOwned + Serialize>(data: &[u8]) {
    let Ok(body) = serde_json::from_slice::<T>(data) else { return };
    let written = serde_json::to_value(&body).expect("a body that is written");
    let again: T = serde_json::from_value(written.clone()).expect("a body that is read again");
    assert_eq!(serde_json::to_value(&again).unwrap(), written);
}
