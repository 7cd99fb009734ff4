//! SES v2 `SendEmail` with simple content: the mail goes into the mailbox and nowhere else.

use chrono::{SecondsFormat, Utc};
use serde::Deserialize;
use serde_json::json;

use super::answer::Answer;
use super::mailbox::{Mail, Mailbox};

/// The most recipients of one mail ("Service quotas in Amazon SES").
const RECIPIENTS_MAX: usize = 50;
/// The largest mail, in bytes (the same page).
const MAIL_BYTES_MAX: usize = 40 * 1024 * 1024;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SendEmail {
    #[serde(default)]
    from_email_address: Option<String>,
    #[serde(default)]
    destination: Destination,
    #[serde(default)]
    content: Content,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Destination {
    to_addresses: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Content {
    simple: Option<Simple>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Simple {
    subject: Part,
    body: Body,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Body {
    text: Option<Part>,
    html: Option<Part>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Part {
    data: String,
}

pub(crate) fn send_email(mailbox: &Mailbox, body: &[u8]) -> Answer {
    if body.len() > MAIL_BYTES_MAX {
        return Answer::rest_error(400, "MessageRejected", "Message length is more than allowed.");
    }
    match read(body) {
        Ok(mail) => {
            mailbox.add(mail);
            Answer::json(200, &json!({"MessageId": message_id()}))
        }
        Err(message) => Answer::rest_error(400, "BadRequestException", message),
    }
}

fn read(body: &[u8]) -> Result<Mail, &'static str> {
    let request: SendEmail =
        serde_json::from_slice(body).map_err(|_| "The request is not a SendEmail request.")?;
    let from = request.from_email_address.ok_or("Missing required field FromEmailAddress.")?;
    let to = request.destination.to_addresses;
    if to.is_empty() {
        return Err("Missing required field Destination.ToAddresses.");
    }
    if to.len() > RECIPIENTS_MAX {
        return Err("Recipient count exceeds 50.");
    }
    if ![&from].into_iter().chain(&to).all(|address| is_address(address)) {
        return Err("Missing final '@domain'");
    }
    let Simple { subject, body } = request.content.simple.ok_or("Missing Content.Simple.")?;
    let [text, html] = [body.text, body.html].map(|part| part.map(|part| part.data));
    if text.is_none() && html.is_none() {
        return Err("Missing the body's text or HTML.");
    }
    Ok(Mail {
        from,
        to,
        subject: subject.data,
        text: text.unwrap_or_default(),
        html: html.unwrap_or_default(),
        sent_at: Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true),
    })
}

/// Whether it has the form `ada@example.com` or `Ada <ada@example.com>`, in ASCII as SES asks.
fn is_address(text: &str) -> bool {
    let address = match text.split_once('<') {
        Some((_, address)) => address.strip_suffix('>'),
        None => Some(text),
    };
    let parts = address.and_then(|address| address.rsplit_once('@'));
    parts.is_some_and(|(local, domain)| {
        let printable = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_graphic());
        printable(local) && printable(domain)
    })
}

fn message_id() -> String {
    format!("{:032x}-000000", fastrand::u128(..))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for address in ["ada@example.com", "parley@localhost", "Ada B. <ada@example.com>"] {
            assert!(is_address(address), "{address}");
        }
        for address in ["", "ada", "@example.com", "ada@", "a b@example.com", "Ada <ada@a", "é@a"]
        {
            assert!(!is_address(address), "{address}");
        }
    }
}
