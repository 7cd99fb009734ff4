//! The question before what cannot be undone.

use std::io::{self, BufRead, Write};

use protocol::AdminUser;

/// Asks to type somebody's name, and says whether it was typed.
///
/// # Errors
/// When the terminal cannot be read or written.
pub(crate) fn erasure(
    user: &AdminUser,
    mut input: impl BufRead,
    mut output: impl Write,
) -> io::Result<bool> {
    let name = if user.username.is_empty() { &user.user_id } else { &user.username };
    write!(
        output,
        "This removes {name} ({}) for good: the account, addresses and sessions, and the text of\n\
        all messages. The name stays taken, and the rooms show where the messages were.\n\
        It cannot be undone. Type {name} to go on: ",
        user.user_id,
    )?;
    output.flush()?;
    let mut line = String::new();
    input.read_line(&mut line)?;
    Ok(line.trim() == name)
}

#[cfg(test)]
mod tests {
    use protocol::{AdminStatus, Role};

    use super::*;

    fn confirmed(username: &str, typed: &str) -> bool {
        let user = AdminUser {
            user_id: "u_1".to_owned(),
            username: username.to_owned(),
            role: Role::User,
            emails: Vec::new(),
            status: AdminStatus::Active,
            created_at: String::new(),
        };
        let mut asked = Vec::new();
        let confirmed = erasure(&user, typed.as_bytes(), &mut asked).unwrap();
        let asked = String::from_utf8(asked).unwrap();
        assert!(asked.contains("cannot be undone") && asked.contains("u_1"), "{asked}");
        confirmed
    }

    #[test]
    fn the_name_and_nothing_else() {
        assert!(confirmed("ada", "ada\n"));
        assert!(confirmed("ada", " ada \r\n"));
        for typed in ["", "\n", "y\n", "yes\n", "Ada\n", "adam\n", "u_1\n"] {
            assert!(!confirmed("ada", typed), "{typed:?}");
        }
        assert!(confirmed("", "u_1\n") && !confirmed("", "\n"), "without a name, the id");
    }
}
