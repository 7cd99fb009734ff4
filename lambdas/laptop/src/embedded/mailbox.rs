//! What would have been sent by mail: it stays in this process, for whoever sits at the machine.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio::sync::broadcast;

/// The mails kept at the most; the oldest go first.
const MAILS_KEPT: usize = 200;

/// A mail.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Mail {
    /// Whom it says it is from.
    pub from: String,
    /// Whom it is for.
    pub to: Vec<String>,
    /// What it is about.
    pub subject: String,
    /// Its part for programs that show text; empty when there is none.
    pub text: String,
    /// Its part for programs that show HTML; empty when there is none.
    pub html: String,
    /// When it was sent: RFC 3339, in UTC, with milliseconds.
    pub sent_at: String,
}

// By hand: a mail holds addresses and one-time links.
impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail").field("sent_at", &self.sent_at).finish_non_exhaustive()
    }
}

impl Mail {
    /// The first link of its text.
    #[must_use]
    pub fn link(&self) -> Option<&str> {
        self.text.split_whitespace().find(|word| is_link(word))
    }

    /// One line for a terminal: `Mail for ada@example.com: Confirm your address: http://...`.
    ///
    /// Addresses and subjects come from outside: what could move the cursor, or begin another line,
    /// is left out.
    #[must_use]
    pub fn line(&self) -> String {
        let mut line = format!("Mail for {}: {}", self.to.join(", "), self.subject);
        if let Some(link) = self.link() {
            line.push_str(": ");
            line.push_str(link);
        }
        line.retain(|letter| !letter.is_control());
        line
    }
}

/// Whether a word of a text is the address of a page.
pub(crate) fn is_link(word: &str) -> bool {
    word.starts_with("https://") || word.starts_with("http://")
}

/// The latest mails.
#[derive(Debug)]
pub(crate) struct Mailbox {
    mails: Mutex<VecDeque<Mail>>,
    arrivals: broadcast::Sender<Mail>,
}

impl Mailbox {
    pub(crate) fn new() -> Self {
        Self { mails: Mutex::default(), arrivals: broadcast::Sender::new(MAILS_KEPT) }
    }

    // The list is valid after every statement, so a panic elsewhere does not spoil it.
    fn list(&self) -> MutexGuard<'_, VecDeque<Mail>> {
        self.mails.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add(&self, mail: Mail) {
        let mut list = self.list();
        if list.len() == MAILS_KEPT {
            list.pop_front();
        }
        list.push_back(mail.clone());
        // Nobody may be listening.
        drop(self.arrivals.send(mail));
    }

    /// The mails, oldest first.
    pub(crate) fn mails(&self) -> Vec<Mail> {
        self.list().iter().cloned().collect()
    }

    /// The mails that come from now on.
    pub(crate) fn arrivals(&self) -> broadcast::Receiver<Mail> {
        self.arrivals.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(subject: &str) -> Mail {
        Mail {
            from: "parley@localhost".to_owned(),
            to: vec!["ada@example.com".to_owned()],
            subject: subject.to_owned(),
            text: "Hello,\n\nopen http://localhost:1/verify#token=v_1\nor http://other/\n"
                .to_owned(),
            html: String::new(),
            sent_at: String::new(),
        }
    }

    #[test]
    fn keeps_the_latest() {
        let mailbox = Mailbox::new();
        for number in 0..=MAILS_KEPT {
            mailbox.add(mail(&number.to_string()));
        }
        let mails = mailbox.mails();
        assert_eq!(mails.len(), MAILS_KEPT);
        assert_eq!(mails[0].subject, "1");
        assert_eq!(mails.last().unwrap().subject, MAILS_KEPT.to_string());
    }

    #[test]
    fn its_line_is_one_line() {
        let expected = "Mail for ada@example.com: Hi: http://localhost:1/verify#token=v_1";
        assert_eq!(mail("Hi").line(), expected);
        let tricky = Mail { text: String::new(), ..mail("a\u{1b}[2J\r\nb\u{9b}") };
        assert_eq!(tricky.line(), "Mail for ada@example.com: a[2Jb");
    }

    #[test]
    fn says_nothing_in_a_log() {
        assert_eq!(format!("{:?}", mail("Hi")), r#"Mail { sent_at: "", .. }"#);
    }
}
