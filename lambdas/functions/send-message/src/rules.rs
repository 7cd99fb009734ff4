use chat::frame::Caller;
use chat::log::Draft;
use chat::rooms::RoomName;
use chat::{Error, id};
use protocol::{ErrorCode, SendMessage, limits};

/// What a request makes to be stored. The sender is the caller, whatever the body says.
pub(crate) fn draft(caller: &Caller, request: SendMessage) -> Result<Draft, Error> {
    let room = RoomName::from_request(request.room.as_deref())?;
    check_content(&request.content)?;
    let client_id = match request.client_id {
        Some(id) => check_client_id(id)?,
        None => id::random("s")?,
    };
    Ok(Draft {
        room,
        user_id: caller.identity.user_id.clone(),
        username: caller.identity.username.clone(),
        content: request.content,
        client_id,
    })
}

fn check_content(content: &str) -> Result<(), Error> {
    if content.len() > limits::TEXT_BYTES {
        return Err(Error::refused(
            ErrorCode::TooLarge,
            format!("content: at most {} bytes, this has {}", limits::TEXT_BYTES, content.len()),
        ));
    }
    if content.trim().is_empty() {
        return Err(Error::refused(ErrorCode::BadRequest, "content: it is empty"));
    }
    Ok(())
}

fn check_client_id(id: String) -> Result<String, Error> {
    let printable = id.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if id.is_empty() || id.len() > limits::CLIENT_ID_MAX || !printable {
        return Err(Error::refused(
            ErrorCode::BadRequest,
            format!("clientId: 1 to {} printable ASCII characters", limits::CLIENT_ID_MAX),
        ));
    }
    Ok(id)
}
