//! Sends letters by SES (on the laptop, the same call fills a mailbox for developers).

use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message};
use chat::accounts::Email;
use chat::settings::Reader;
use chat::site::Site;
use chat::{Error, aws};
use protocol::{ErrorBody, ErrorCode};

use crate::letters::Letter;

/// Writes from `MAIL_FROM`, if that is set, with links below `SITE_URL`.
#[derive(Debug, Clone)]
pub(crate) struct Mailer {
    ses: Client,
    from: Option<String>,
    site: Site,
}

impl Mailer {
    pub(crate) fn new(aws: &aws_types::SdkConfig, settings: &mut Reader<'_>) -> Self {
        let config = aws_sdk_sesv2::config::Builder::from(aws)
            .timeout_config(aws::timeouts())
            .retry_config(aws::retries())
            .build();
        Self {
            ses: Client::from_conf(config),
            from: settings.optional("MAIL_FROM"),
            site: Site::new(settings),
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
            .map_err(Error::service("SendEmail", "mail"))?;
        Ok(())
    }
}
