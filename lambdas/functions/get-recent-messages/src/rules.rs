use chat::Error;
use chat::rooms::RoomName;
use protocol::{ErrorCode, GetRecentMessages, limits};

/// A request that may be answered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) room: RoomName,
    pub(crate) limit: usize,
    pub(crate) range: Range,
}

/// Which part of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Range {
    /// The newest messages; with `before`, those with a lower number.
    Newest { before: Option<u64> },
    /// The changes with a higher number.
    After(u64),
}

pub(crate) fn wanted(request: &GetRecentMessages) -> Result<Wanted, Error> {
    let room = RoomName::from_request(request.room.as_deref())?;
    let range = match (request.before, request.after) {
        (Some(_), Some(_)) => {
            return Err(Error::refused(
                ErrorCode::BadRequest,
                "before and after: one of them, not both",
            ));
        }
        (before, None) => Range::Newest { before },
        (None, Some(after)) => Range::After(after),
    };
    let limit = match request.limit.map(usize::try_from) {
        None => limits::PAGE_DEFAULT,
        Some(Ok(limit @ 1..=limits::PAGE_MAX)) => limit,
        Some(_) => {
            return Err(Error::refused(
                ErrorCode::BadRequest,
                format!("limit: 1 to {}", limits::PAGE_MAX),
            ));
        }
    };
    Ok(Wanted { room, limit, range })
}
