use chat::Error;
use chat::frame::Caller;
use chat::log::{Draft, What};
use chat::rooms::{RoomName, room_taken};
use protocol::{CreateRoom, ErrorCode, JoinRoom, LeaveRoom, ListRooms, limits};

/// The entry that begins a room, and its topic.
pub(crate) fn creation(caller: &Caller, request: CreateRoom) -> Result<(Draft, String), Error> {
    let CreateRoom { room, topic, client_id } = request;
    let topic = topic.unwrap_or_default();
    if topic.len() > limits::TOPIC_BYTES {
        return Err(Error::refused(
            ErrorCode::TooLarge,
            format!("topic: at most {} bytes, this has {}", limits::TOPIC_BYTES, topic.len()),
        ));
    }
    let room = RoomName::from_request(Some(&room))?;
    if room.is_general() {
        return Err(room_taken());
    }
    let what = What::Create { topic: topic.clone() };
    Ok((Draft::new(caller, room, client_id, what)?, topic))
}

pub(crate) fn coming(caller: &Caller, request: JoinRoom) -> Result<Draft, Error> {
    let JoinRoom { room, client_id } = request;
    let room = RoomName::from_request(Some(&room))?;
    if room.is_general() {
        return Err(Error::refused(ErrorCode::AlreadyMember, "room: everyone is in general"));
    }
    Draft::new(caller, room, client_id, What::Join)
}

pub(crate) fn going(caller: &Caller, request: LeaveRoom) -> Result<Draft, Error> {
    let LeaveRoom { room, client_id } = request;
    let room = RoomName::from_request(Some(&room))?;
    if room.is_general() {
        return Err(Error::refused(ErrorCode::Forbidden, "room: nobody can leave general"));
    }
    Draft::new(caller, room, client_id, What::Leave)
}

pub(crate) fn page(request: &ListRooms) -> Result<usize, Error> {
    if let Some(after) = &request.after {
        RoomName::from_request(Some(after))?;
    }
    match request.limit.map(usize::try_from) {
        None => Ok(limits::ROOMS_PAGE_DEFAULT),
        Some(Ok(limit @ 1..=limits::ROOMS_PAGE_MAX)) => Ok(limit),
        Some(_) => Err(Error::refused(
            ErrorCode::BadRequest,
            format!("limit: 1 to {}", limits::ROOMS_PAGE_MAX),
        )),
    }
}
