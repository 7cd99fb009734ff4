use std::fmt;
use std::time::Duration;

use serde_json::Value;

use crate::{Body, Call, Failure, within};

/// Where the mails that a body sent can be read.
#[derive(Debug, Clone)]
pub struct Mailbox {
    url: String,
}

/// A mail.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// What it is about.
    pub subject: String,
    /// Its part for programs that show text.
    pub text: String,
}

// By hand: a mail holds one-time links.
impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail").field("subject", &self.subject).finish_non_exhaustive()
    }
}

impl Mail {
    /// The secret of its link to this page: what the page finds behind `#token=`, before `&name=`.
    #[must_use]
    pub fn token(&self, page: &str) -> Option<&str> {
        let mark = format!("/{page}#token=");
        let rest = self.text.split_whitespace().find_map(|word| Some(word.split_once(&mark)?.1))?;
        rest.split('&').next()
    }
}

impl Mailbox {
    /// The mailbox whose list of mails this address answers: that of the laptop, or MiniStack's record
    /// of what SES took.
    #[must_use]
    pub fn at(url: &str) -> Self {
        Self { url: url.to_owned() }
    }
}

impl Body {
    /// The mails to an address, oldest first.
    ///
    /// # Errors
    /// When the body has no mailbox, or it does not answer.
    pub async fn mails_to(&self, address: &str) -> Result<Vec<Mail>, Failure> {
        let mailbox = self.mailbox.as_ref().ok_or_else(|| Failure::new("there is no mailbox"))?;
        let list: Value = self.call(Call::elsewhere(&mailbox.url)).await?.expect(200)?;
        Ok(mails(&list).into_iter().filter(|(to, _)| to == address).map(|(_, mail)| mail).collect())
    }

    /// The newest mail to an address that has a link to this page; its secret.
    ///
    /// # Errors
    /// When none comes.
    pub async fn link_to(&self, address: &str, page: &str) -> Result<String, Failure> {
        let newest = async {
            loop {
                let mails = self.mails_to(address).await?;
                if let Some(token) = mails.iter().rev().find_map(|mail| mail.token(page)) {
                    return Ok(token.to_owned());
                }
                // Nothing announces a mail.
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        within(format!("mail with a link to {page}"), newest).await?
    }
}

/// Each mail, with the first address that it is for. The laptop answers a list; MiniStack a list for
/// each account, in words of its own.
fn mails(list: &Value) -> Vec<(String, Mail)> {
    let lists = match list.get("messages").and_then(Value::as_object) {
        Some(accounts) => accounts.values().collect(),
        None => vec![list],
    };
    let text = |mail: &Value, names: [&str; 2]| {
        let found = names.iter().find_map(|name| mail.get(name)?.as_str());
        found.unwrap_or_default().to_owned()
    };
    lists
        .into_iter()
        .filter_map(Value::as_array)
        .flatten()
        .filter_map(|mail| {
            let to = mail.get("to").or_else(|| mail.get("To"))?.get(0)?.as_str()?.to_owned();
            let subject = text(mail, ["subject", "Subject"]);
            Some((to, Mail { subject, text: text(mail, ["text", "BodyText"]) }))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_mailboxes_are_read() {
        let text = "Confirm:\nhttp://localhost/verify#token=v_1&name=ada\n\nBye\n";
        let laptop = json!([{ "to": ["ada@example.com"], "subject": "Hi", "text": text }]);
        let ministack = json!({ "messages": { "000000000000": [
            { "To": ["ada@example.com"], "Subject": "Hi", "BodyText": text, "BodyHtml": null },
        ]}});
        for list in [laptop, ministack] {
            let [(to, mail)] = mails(&list).try_into().unwrap();
            assert_eq!((to.as_str(), mail.subject.as_str()), ("ada@example.com", "Hi"));
            assert_eq!((mail.token("verify"), mail.token("reset")), (Some("v_1"), None));
        }
        assert_eq!(mails(&json!({ "messages": {} })), []);
    }
}
