//! A ticket, as it stands in a socket's URL.

use chat::identity::Ticket;

pub(crate) fn run(data: &[u8]) {
    let input = crate::text(data);
    let Some(ticket) = Ticket::from_url(input) else {
        assert!(!input.starts_with("t_"));
        return;
    };
    assert_eq!(format!("{ticket:?}"), "Ticket");
    assert_eq!(ticket.into_secret(), input);
}
