//! What a person reads.

use protocol::{AdminDone, AdminLink, AdminStatus, AdminUser, ErrorBody, Role};

use crate::args::Action;

/// The lines for what was done.
pub(crate) fn lines(action: &Action, done: &AdminDone) -> String {
    let user = &done.user;
    let who = who(user);
    let text = match action {
        Action::CreateUser { .. } => format!("{who} is made.\n{}", link(done)),
        Action::NewLink { .. } => format!("Another link for {who}.\n{}", link(done)),
        Action::Show { .. } => card(user),
        Action::SetRole { .. } => format!("{who} has the role {}.\n", role(user.role)),
        Action::Disable { .. } => {
            format!("{who} is disabled; their sessions and sockets have ended.\n")
        }
        Action::Enable { .. } => format!("{who} may come in again.\n"),
        Action::EndSessions { .. } => {
            format!("The sessions and sockets of {who} have ended; they may log in again.\n")
        }
        Action::Erase { .. } => format!("{who} is erased, with {} messages.\n", done.erased),
    };
    plain(&text)
}

/// The line for what was refused, or broken off.
pub(crate) fn refusal(action: &Action, error: &ErrorBody) -> String {
    if !error.retryable {
        return plain(&format!("refused: {}", error.message));
    }
    let message = error.message.trim_end_matches('.');
    let advice = match action {
        // A second one would be told that the name is taken.
        Action::CreateUser { name, .. } => {
            format!("`parley admin show {name}` tells whether there is the account")
        }
        _ => "give the command again".to_owned(),
    };
    plain(&format!("not finished: {message}; {advice}"))
}

fn link(done: &AdminDone) -> String {
    let shown = |link: &AdminLink| {
        format!(
            "Whoever opens this link first chooses the password; it is good until {}:\n{}\n",
            link.expires_at, link.url,
        )
    };
    done.link.as_ref().map(shown).unwrap_or_default()
}

/// `ada (u_1)`, or the id alone.
fn who(user: &AdminUser) -> String {
    if user.username.is_empty() {
        user.user_id.clone()
    } else {
        format!("{} ({})", user.username, user.user_id)
    }
}

fn card(user: &AdminUser) -> String {
    let shown = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
    let rows = [
        ("name", shown(&user.username)),
        ("id", user.user_id.clone()),
        ("status", status(user.status).to_owned()),
        ("role", role(user.role).to_owned()),
        ("emails", shown(&user.emails.join(", "))),
        ("created", shown(&user.created_at)),
    ];
    rows.map(|(name, value)| format!("{name:<9}{value}\n")).concat()
}

fn role(role: Role) -> &'static str {
    match role {
        Role::User => "user",
        Role::Admin => "admin",
    }
}

fn status(status: AdminStatus) -> &'static str {
    match status {
        AdminStatus::Active => "active",
        AdminStatus::Unverified => "unverified: the address is not confirmed",
        AdminStatus::Disabled => "disabled",
        AdminStatus::Erased => "erased",
    }
}

/// Without what could move a terminal's cursor: another issuer chose the names of its people.
pub(crate) fn plain(text: &str) -> String {
    text.chars().filter(|letter| *letter == '\n' || !letter.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(username: &str) -> AdminDone {
        let user = AdminUser {
            user_id: "u_1".to_owned(),
            username: username.to_owned(),
            role: Role::Admin,
            emails: vec!["ada@example.com".to_owned(), "ada@example.org".to_owned()],
            status: AdminStatus::Active,
            created_at: "2026-11-22T12:00:00.000Z".to_owned(),
        };
        AdminDone { user, link: None, erased: 3, more: false }
    }

    #[test]
    fn a_card_has_a_line_for_each_thing() {
        let show = Action::Show { user: "ada".to_owned() };
        let expected = "name     ada\nid       u_1\nstatus   active\nrole     admin\n\
            emails   ada@example.com, ada@example.org\ncreated  2026-11-22T12:00:00.000Z\n";
        assert_eq!(lines(&show, &done("ada")), expected);
    }

    #[test]
    fn the_link_stands_on_a_line_of_its_own() {
        let url = "https://chat.example/welcome#token=p_1".to_owned();
        let link =
            AdminLink { url: url.clone(), expires_at: "2026-11-29T12:00:00.000Z".to_owned() };
        let done = AdminDone { link: Some(link), ..done("ada") };
        let email = None;
        let role = crate::args::RoleName::Admin;
        let create = Action::CreateUser { name: "ada".to_owned(), email, role };
        let lines = lines(&create, &done);
        assert_eq!(lines.lines().last(), Some(&*url));
        assert!(lines.contains("until 2026-11-29T12:00:00.000Z"), "{lines}");
    }

    #[test]
    fn a_name_cannot_move_the_cursor() {
        let enable = Action::Enable { user: "x".to_owned() };
        assert_eq!(lines(&enable, &done("a\u{1b}[2Jb")), "a[2Jb (u_1) may come in again.\n");
        assert_eq!(lines(&enable, &done("")), "u_1 may come in again.\n");
    }
}
