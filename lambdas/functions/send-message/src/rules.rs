use chat::frame::Caller;
use chat::log::{Draft, What};
use chat::rooms::RoomName;
use chat::{Error, frame};
use protocol::{DeleteMessage, EditMessage, ErrorCode, SendMessage, limits};

/// The message that a request is. The sender is the caller, whatever the body says.
pub(crate) fn message(caller: &Caller, request: SendMessage) -> Result<Draft, Error> {
    let SendMessage { room, content, client_id } = request;
    check_content(&content)?;
    draft(caller, room.as_deref(), client_id, What::Message { content })
}

pub(crate) fn edit(caller: &Caller, request: EditMessage) -> Result<Draft, Error> {
    let EditMessage { room, seq: of, content, client_id } = request;
    check_content(&content)?;
    draft(caller, room.as_deref(), client_id, What::Edit { of, content })
}

pub(crate) fn deletion(caller: &Caller, request: DeleteMessage) -> Result<Draft, Error> {
    let DeleteMessage { room, seq: of, client_id } = request;
    draft(caller, room.as_deref(), client_id, What::Delete { of })
}

fn draft(
    caller: &Caller,
    room: Option<&str>,
    client_id: Option<String>,
    what: What,
) -> Result<Draft, Error> {
    Ok(Draft {
        room: RoomName::from_request(room)?,
        user_id: caller.identity.user_id.clone(),
        username: caller.identity.username.clone(),
        client_id: frame::client_id(client_id)?,
        what,
        along: Vec::new(),
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
