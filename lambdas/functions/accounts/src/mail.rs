//! Sends letters by SES (on the laptop, the same call fills a mailbox for developers).

use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message};
use chat::accounts::Email;
use chat::settings::Reader;
use chat::site::Site;
use chat::{Error, aws};
use protocol::{ErrorBody, ErrorCode};

use crate::letters::Letter;
use crate::limits::{Limits, MAILS_TO_EMAIL};

/// Writes from `MAIL_FROM`, if that is set, with links below `SITE_URL`.
#[derive(Debug, Clone)]
pub(crate) struct Mailer {
    ses: Client,
    from: Option<String>,
    site: Site,
    limits: Limits,
}

impl Mailer {
    pub(crate) fn new(
        aws: &aws_types::SdkConfig,
        settings: &mut Reader<'_>,
        limits: Limits,
    ) -> Self {
        let config = aws_sdk_sesv2::config::Builder::from(aws)
            .timeout_config(aws::timeouts())
            .retry_config(aws::retries())
            .build();
        Self {
            ses: Client::from_conf(config),
            from: settings.optional("MAIL_FROM"),
            site: Site::new(settings),
            limits,
        }
    }

    /// Whether mail can be sent at all.
    pub(crate) fn is_on(&self) -> bool {
        self.from.is_some()
    }

    /// What the links in letters lead to.
    pub(crate) fn site(&self) -> &Site {
        &self.site
    }

    /// Sends a letter that somebody asked for, unless its address had too many of them.
    ///
    /// # Errors
    /// When no mail can be sent from here, or SES or the table does not answer.
    pub(crate) async fn send_asked(&self, to: &Email, letter: &Letter) -> Result<(), Error> {
        if self.limits.allow(MAILS_TO_EMAIL, to.as_str()).await? {
            self.send(to, letter).await
        } else {
            Ok(())
        }
    }

    /// Sends a letter.
    ///
    /// # Errors
    /// When no mail can be sent from here, or SES does not take it.
    pub(crate) async fn send(&self, to: &Email, letter: &Letter) -> Result<(), Error> {
        let Some(from) = &self.from else {
            let refusal = ErrorBody::new(ErrorCode::NotFound, "No mail can be sent from here.");
            return Err(Error::Refused(refusal));
        };
        let content = |text: &str| Content::builder().charset("UTF-8").data(text).build();
        let unbuilt = |_| Error::Fault("a mail could not be built");
        let body = Body::builder()
            .text(content(&letter.text()).map_err(unbuilt)?)
            .html(content(&letter.html()).map_err(unbuilt)?)
            .build();
        let subject = content(letter.subject()).map_err(unbuilt)?;
        let message = Message::builder().subject(subject).body(body).build();
        self.ses
            .send_email()
            .from_email_address(from)
            .destination(Destination::builder().to_addresses(to.as_str()).build())
            .content(EmailContent::builder().simple(message).build())
            .send()
            .await
            .map_err(|error| unsent(&error))?;
        Ok(())
    }
}

/// SES's code without its words, which name the address: `MessageRejected` does, of each that is not
/// verified while the account is in the sandbox.
fn unsent<R>(error: &SdkError<SendEmailError, R>) -> Error {
    Error::service("SendEmail", "mail")(error.code().unwrap_or("no answer").to_owned())
}

#[cfg(test)]
mod tests {
    use aws_sdk_sesv2::error::ErrorMetadata;
    use chat::error::Chain;

    use super::*;

    #[test]
    fn no_address_reaches_a_log() {
        let words = "Email address is not verified: ada@example.com";
        let said = ErrorMetadata::builder().code("MessageRejected").message(words).build();
        let rejected = SendEmailError::generic(said);
        let told = Chain(&unsent(&SdkError::service_error(rejected, ()))).to_string();
        assert_eq!(told, "SendEmail of mail failed: MessageRejected");
    }
}
