//! The mails' words, as text and as HTML.

/// A mail before it has an address.
///
/// Its parts are our own words, user names and links: none of them can hold what means something in
/// HTML (`UserName` has a test for that, and the site's address is checked at the start), but for the
/// `&` of links.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Letter {
    subject: String,
    paragraphs: Vec<String>,
    /// What the button says, and where it leads.
    link: Option<(&'static str, String)>,
    closing: &'static str,
}

// By hand: its link is a secret.
impl std::fmt::Debug for Letter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Letter").field("subject", &self.subject).finish_non_exhaustive()
    }
}

impl Letter {
    /// To an address that somebody gave as theirs.
    pub(crate) fn confirm(username: &str, link: String) -> Self {
        Self {
            subject: format!("Confirm your e-mail address, {username}"),
            paragraphs: vec![
                format!("Hello {username},"),
                "somebody, hopefully you, gave this address for their Parley account. Please \
                 confirm that it is yours. The link is good once, and for 24 hours."
                    .to_owned(),
            ],
            link: Some(("Confirm e-mail address", link)),
            closing: "If that was not you, ignore this mail: without the link the address is not used.",
        }
    }

    /// To the owner of an address that somebody gave as theirs.
    pub(crate) fn known(username: &str, page: String) -> Self {
        Self {
            subject: "You have a Parley account already".to_owned(),
            paragraphs: vec![
                format!("Hello {username},"),
                "somebody, perhaps you, tried to use this address for a Parley account. It belongs \
                 to yours already. You can log in, or reset your password if you forgot it."
                    .to_owned(),
            ],
            link: Some(("Log in", page)),
            closing: "If that was not you, ignore this mail: nothing has changed.",
        }
    }

    /// To somebody who forgot their password.
    pub(crate) fn reset(username: &str, link: String) -> Self {
        Self {
            subject: format!("Reset your password, {username}"),
            paragraphs: vec![
                format!("Hello {username},"),
                "somebody, hopefully you, asked for a new password for your Parley account. The \
                 link is good once, and for one hour. A new password ends all your sessions."
                    .to_owned(),
            ],
            link: Some(("Choose a new password", link)),
            closing: "If that was not you, ignore this mail: your password stays as it is.",
        }
    }

    /// To an address that somebody wants to reset a password with, and that is nobody's.
    pub(crate) fn nobody(page: String) -> Self {
        Self {
            subject: "There is no Parley account with this address".to_owned(),
            paragraphs: vec![
                "Hello,".to_owned(),
                "somebody, perhaps you, asked for a new password with this e-mail address. No \
                 Parley account has it. If you have one, you may have signed up with another \
                 address, or not have confirmed this one."
                    .to_owned(),
            ],
            link: Some(("Go to Parley", page)),
            closing: "If that was not you, ignore this mail.",
        }
    }

    /// To somebody who forgot their password, and may not log in anyway.
    pub(crate) fn disabled(username: &str) -> Self {
        Self {
            subject: "Your Parley account has been disabled".to_owned(),
            paragraphs: vec![
                format!("Hello {username},"),
                "somebody, hopefully you, asked for a new password for your Parley account. An \
                 administrator has disabled it, so nobody can log in to it."
                    .to_owned(),
            ],
            link: None,
            closing: "If you think that this is wrong, ask an administrator.",
        }
    }

    /// To an address that was taken from an account.
    pub(crate) fn unlinked(username: &str, page: String) -> Self {
        Self {
            subject: "This address was removed from your Parley account".to_owned(),
            paragraphs: vec![
                format!("Hello {username},"),
                "this e-mail address was removed from your Parley account just now. If that was \
                 you, all is well."
                    .to_owned(),
            ],
            link: Some(("It was not me: reset my password", page)),
            closing: "If it was not you, reset your password by your user name, and tell your \
                      administrator.",
        }
    }

    /// To somebody whose password was changed.
    pub(crate) fn password_changed(username: &str, page: String) -> Self {
        Self {
            subject: "Your password was changed".to_owned(),
            paragraphs: vec![
                format!("Hello {username},"),
                "the password of your Parley account was changed just now. If that was you, all is \
                 well."
                    .to_owned(),
            ],
            link: Some(("It was not me: reset my password", page)),
            closing: "If it was not you, reset your password at once, and tell your administrator.",
        }
    }

    pub(crate) fn subject(&self) -> &str {
        &self.subject
    }

    pub(crate) fn text(&self) -> String {
        let mut parts = self.paragraphs.clone();
        parts.extend(self.link.iter().map(|(label, link)| format!("{label}:\n{link}")));
        parts.push(self.closing.to_owned());
        parts.join("\n\n") + "\n"
    }

    pub(crate) fn html(&self) -> String {
        let paragraph = |text: &str| format!("<p style=\"margin:0 0 16px\">{text}</p>\n");
        let mut body: String = self.paragraphs.iter().map(|text| paragraph(text)).collect();
        if let Some((label, link)) = &self.link {
            let link = link.replace('&', "&amp;");
            body += &paragraph(&format!(
                "<a href=\"{link}\" style=\"display:inline-block;padding:12px 20px;border-radius:8px;\
                 background:#3b4cca;color:#ffffff;font-weight:600;text-decoration:none\">{label}</a>"
            ));
            body += &paragraph(&format!(
                "Or copy this address into your browser:<br>\
                 <span style=\"word-break:break-all\">{link}</span>"
            ));
        }
        body += &format!("<p style=\"margin:0;color:#5a6270\">{}</p>\n", self.closing);
        let subject = &self.subject;
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\"><title>{subject}</title></head>\n\
             <body style=\"margin:0;padding:24px;background:#fbfbfc;color:#1a1d24;\
             font:16px/1.5 system-ui,sans-serif\">\n\
             <div style=\"max-width:480px;margin:0 auto\">\n{body}</div>\n</body>\n</html>\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_parts_say_the_same_and_hold_the_link() {
        let link = "https://chat.example/verify#token=v_1&name=ada";
        for letter in [
            Letter::confirm("ada", link.into()),
            Letter::known("ada", link.into()),
            Letter::reset("ada", link.into()),
            Letter::nobody(link.into()),
            Letter::password_changed("ada", link.into()),
        ] {
            let (text, html) = (letter.text(), letter.html());
            assert!(text.contains(&format!(":\n{link}\n")), "{text}");
            let written = link.replace('&', "&amp;");
            assert!(html.contains(&format!("href=\"{written}\"")), "{html}");
            for paragraph in letter.paragraphs.iter().map(String::as_str).chain([letter.closing]) {
                assert!(text.contains(paragraph) && html.contains(paragraph), "{paragraph}");
            }
            assert!(!letter.subject().is_empty());
        }
    }
}
