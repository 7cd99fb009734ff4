//! SES and the Parameter Store, through the SDK.

use aws_sdk_sesv2::config::retry::RetryConfig;
use aws_sdk_sesv2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sesv2::operation::send_email::{SendEmailError, SendEmailOutput};
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message};
use laptop::Config;
use laptop::embedded::{Aws, Fault, Rule};

use crate::support::start;

fn ses(aws: &Aws) -> aws_sdk_sesv2::Client {
    let config = aws_sdk_sesv2::config::Builder::from(&aws.sdk_config("accounts"));
    aws_sdk_sesv2::Client::from_conf(config.retry_config(RetryConfig::disabled()).build())
}

fn part(text: &str) -> Content {
    Content::builder().data(text).build().unwrap()
}

fn content(body: Body) -> EmailContent {
    let message = Message::builder().subject(part("Confirm")).body(body).build();
    EmailContent::builder().simple(message).build()
}

async fn send(
    aws: &Aws,
    from: Option<&str>,
    to: &[&str],
    content: EmailContent,
) -> Result<SendEmailOutput, SdkError<SendEmailError>> {
    let to = to.iter().map(|&address| address.to_owned()).collect();
    let mail = ses(aws).send_email().set_from_email_address(from.map(str::to_owned));
    let destination = Destination::builder().set_to_addresses(Some(to)).build();
    mail.destination(destination).content(content).send().await
}

async fn greet(aws: &Aws) -> Result<SendEmailOutput, SdkError<SendEmailError>> {
    let body = Body::builder().text(part("Hello")).html(part("<p>Hello</p>")).build();
    send(aws, Some("parley@localhost"), &["ada@example.com"], content(body)).await
}

#[tokio::test]
async fn a_mail_is_kept_with_both_its_parts() {
    let laptop = start(Config::default()).await;
    let mut arrivals = laptop.aws().mail_arrivals();
    assert!(greet(laptop.aws()).await.unwrap().message_id().is_some_and(|id| !id.is_empty()));
    let [mail] = laptop.mails().try_into().unwrap();
    assert_eq!(mail, arrivals.recv().await.unwrap());
    assert_eq!((&*mail.from, &*mail.subject), ("parley@localhost", "Confirm"));
    assert_eq!(mail.to, ["ada@example.com"]);
    assert_eq!((&*mail.text, &*mail.html), ("Hello", "<p>Hello</p>"));
    assert!(mail.sent_at.ends_with('Z') && mail.sent_at.len() == 24, "{}", mail.sent_at);
    let call = laptop.calls().into_iter().next().unwrap();
    assert_eq!((&*call.action, &*call.resource), ("ses:SendEmail", "from"));
    assert_eq!(laptop.requests()[0].body["FromEmailAddress"], "parley@localhost");
}

#[tokio::test]
async fn what_ses_refuses() {
    let aws = Aws::in_memory().await.unwrap();
    let text = || content(Body::builder().text(part("Hello")).build());
    let (from, to) = (Some("parley@localhost"), ["ada@example.com"]);
    let many = ["ada@example.com"; 51];
    let refused = [
        send(&aws, None, &to, text()).await,
        send(&aws, Some("parley"), &to, text()).await,
        send(&aws, from, &[], text()).await,
        send(&aws, from, &["ada"], text()).await,
        send(&aws, from, &many, text()).await,
        send(&aws, from, &to, EmailContent::builder().build()).await,
        send(&aws, from, &to, content(Body::builder().build())).await,
    ];
    for answer in refused {
        let error = answer.unwrap_err().into_service_error();
        assert!(error.is_bad_request_exception(), "{error:?}");
    }
    let large = content(Body::builder().text(part(&"x".repeat(41 << 20))).build());
    let error = send(&aws, from, &to, large).await.unwrap_err().into_service_error();
    assert!(error.is_message_rejected(), "{error:?}");
    assert!(aws.mails().is_empty());
}

#[tokio::test]
async fn ses_can_throttle_and_fail() {
    for (fault, status, code) in [
        (Fault::Throttling, 429, "TooManyRequestsException"),
        (Fault::InternalServerError, 500, "InternalServerError"),
    ] {
        let aws = Aws::in_memory().await.unwrap();
        aws.faults().inject(Rule::on("SendEmail").times(1).with(fault));
        let error = greet(&aws).await.unwrap_err();
        assert_eq!(error.raw_response().unwrap().status().as_u16(), status);
        assert_eq!(error.code(), Some(code));
        assert!(aws.mails().is_empty());
        aws.faults().inject(Rule::on("SendEmail").times(1).after().with(fault));
        assert!(greet(&aws).await.is_err());
        assert_eq!(aws.mails().len(), 1, "the answer was lost, not the mail");
    }
}

#[tokio::test]
async fn a_parameter_is_a_secret() {
    const NAME: &str = "/parley/test/issuers/intranet";
    let parameters = [(NAME.to_owned(), "a secret".to_owned())].into();
    let laptop = start(Config { parameters, ..Config::default() }).await;
    let ssm = aws_sdk_ssm::Client::new(&laptop.aws().sdk_config("authorizer"));
    let value = async |decrypt| {
        let answer = ssm.get_parameter().name(NAME).with_decryption(decrypt).send().await.unwrap();
        answer.parameter.unwrap().value.unwrap()
    };
    assert_eq!(value(true).await, "a secret");
    assert_ne!(value(false).await, "a secret");
    let other = ssm.get_parameter().name("/parley/test/issuers/other").with_decryption(true);
    assert!(other.send().await.unwrap_err().into_service_error().is_parameter_not_found());
    let call = laptop.calls().into_iter().next().unwrap();
    assert_eq!((&*call.action, &*call.resource), ("ssm:GetParameter", "issuers"));
}
