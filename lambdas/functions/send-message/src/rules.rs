use chat::frame::Caller;
use chat::log::{Draft, What};
use chat::rooms::RoomName;
use chat::{Error, budget};
use protocol::{DeleteMessage, EditMessage, ErrorCode, SendMessage, limits};

/// The message that a request is. The sender is the caller, whatever the body says.
pub(crate) fn message(caller: &Caller, request: SendMessage) -> Result<Draft, Error> {
    let SendMessage { room, content, client_id } = request;
    check_content(&content)?;
    Draft::new(
        caller,
        RoomName::from_request(room.as_deref())?,
        client_id,
        What::Message { content },
    )
}

pub(crate) fn edit(caller: &Caller, request: EditMessage) -> Result<Draft, Error> {
    let EditMessage { room, seq: of, content, client_id } = request;
    check_content(&content)?;
    Draft::new(
        caller,
        RoomName::from_request(room.as_deref())?,
        client_id,
        What::Edit { of, content },
    )
}

pub(crate) fn deletion(caller: &Caller, request: DeleteMessage) -> Result<Draft, Error> {
    let DeleteMessage { room, seq: of, client_id } = request;
    Draft::new(caller, RoomName::from_request(room.as_deref())?, client_id, What::Delete { of })
}

fn check_content(content: &str) -> Result<(), Error> {
    if content.len() > limits::TEXT_BYTES {
        return Err(Error::refused(
            ErrorCode::TooLarge,
            format!("content: at most {} bytes, this has {}", limits::TEXT_BYTES, content.len()),
        ));
    }
    if !budget::fits(content) {
        return Err(Error::refused(
            ErrorCode::TooLarge,
            "content: it has too many characters that a frame needs many bytes for",
        ));
    }
    if content.trim().is_empty() {
        return Err(Error::refused(ErrorCode::BadRequest, "content: it is empty"));
    }
    Ok(())
}
