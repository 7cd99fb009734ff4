//! The admin function, by Lambda's `Invoke`: of an environment on AWS, or of a laptop.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::config::retry::RetryConfig;
use aws_sdk_lambda::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_lambda::operation::invoke::InvokeError;
use aws_sdk_lambda::primitives::Blob;
use protocol::{AdminAnswer, AdminCommand, AdminRequest};
use serde_json::Value;

use crate::actor;
use crate::args::Place;

/// Longer than the function's own limit, which is a minute.
const PATIENCE: Duration = Duration::from_secs(75);
/// Tries of a command that may be given twice.
const TRIES: u32 = 3;

/// Why a command has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("no laptop serves {data}: start it with `make run DATA={data}`", data = .0.display())]
    NoLaptop(PathBuf),
    #[error("the laptop of {data} cannot be asked: {1}", data = .0.display())]
    Socket(PathBuf, #[source] io::Error),
    #[cfg(not(unix))]
    #[error("a laptop takes commands on Unix systems only")]
    NoSocket,
    #[error("say in which Region, as in AWS_REGION=eu-west-1")]
    NoRegion,
    #[error("there is no function {0} in {1}: is this the right account and Region?")]
    NoFunction(String, String),
    #[error("{0}: {1}")]
    Refused(String, String),
    #[error("the function failed ({0}); its log says more{advice}", advice = advice(.1))]
    Failed(String, Option<String>),
    #[error("no answer: {0}{advice}", advice = advice(.1))]
    NoAnswer(String, Option<String>),
    #[error("the answer is not one that this version of parley knows")]
    Answer(#[source] serde_json::Error),
    #[error("erase asks before it acts: give --yes where there is no terminal")]
    NoTerminal,
    #[error("{0}")]
    Io(#[from] io::Error),
}

fn advice(user: &Option<String>) -> String {
    let made =
        |user| format!(". Whether {user} was made is not known: `parley admin show {user}` tells");
    user.as_ref().map(made).unwrap_or_default()
}

impl Error {
    /// 2 when the command was not one that can be carried out as it was given.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::NoTerminal => 2,
            _ => 1,
        }
    }
}

/// The function, and in whose name it is asked.
#[derive(Debug)]
pub(crate) struct Function {
    client: Client,
    name: String,
    region: String,
    actor: String,
}

impl Function {
    pub(crate) async fn of(place: &Place) -> Result<Self, Error> {
        match place.function() {
            Some(name) => Self::on_aws(name).await,
            None => Self::on_laptop(&place.data()).await,
        }
    }

    async fn on_aws(name: String) -> Result<Self, Error> {
        let aws = aws_config::defaults(BehaviorVersion::latest())
            .timeout_config(TimeoutConfig::builder().operation_attempt_timeout(PATIENCE).build())
            // The function thinks for long, and sends nothing meanwhile.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .load()
            .await;
        let region = aws.region().ok_or(Error::NoRegion)?.to_string();
        let actor = actor::on_aws(&aws).await;
        Ok(Self { client: Client::new(&aws), name, region, actor })
    }

    #[cfg(unix)]
    async fn on_laptop(data: &Path) -> Result<Self, Error> {
        use aws_sdk_lambda::config::{Config, Credentials, Region};
        let socket = crate::unix::UnixSocket::of(data);
        socket.probe().await.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
                Error::NoLaptop(data.to_owned())
            }
            _ => Error::Socket(data.to_owned(), error),
        })?;
        // The socket's file says who may; the signature is not looked at.
        let credentials = Credentials::new("laptop", "laptop", None, None, "laptop");
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .endpoint_url("http://laptop.parley.invalid")
            .timeout_config(TimeoutConfig::builder().operation_attempt_timeout(PATIENCE).build())
            .credentials_provider(credentials)
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .http_client(socket);
        let (name, region) = ("admin".to_owned(), "the laptop".to_owned());
        let client = Client::from_conf(config.build());
        Ok(Self { client, name, region, actor: actor::on_this_machine() })
    }

    #[cfg(not(unix))]
    async fn on_laptop(_data: &Path) -> Result<Self, Error> {
        Err(Error::NoSocket)
    }

    /// Gives a command.
    ///
    /// One whose answer is lost is given again: a second time it changes nothing more. `create-user`
    /// alone is not, since a second one would be told that the name is taken, which looks
    /// as if somebody else had it.
    pub(crate) async fn ask(&self, command: &AdminCommand) -> Result<AdminAnswer, Error> {
        let request = AdminRequest { command: command.clone(), actor: self.actor.clone() };
        let request = serde_json::to_vec(&request).map_err(Error::Answer)?;
        let (retries, made) = match command {
            AdminCommand::CreateUser { username, .. } => {
                (RetryConfig::disabled(), Some(username.clone()))
            }
            _ => (RetryConfig::standard().with_max_attempts(TRIES), None),
        };
        let invoke = self.client.invoke().function_name(&self.name).payload(Blob::new(request));
        let config = aws_sdk_lambda::config::Builder::new().retry_config(retries);
        let answer = invoke.customize().config_override(config).send().await;
        let answer = answer.map_err(|error| self.explain(&error, made.clone()))?;
        let payload = answer.payload.unwrap_or_else(|| Blob::new("")).into_inner();
        if answer.function_error.is_some() {
            return Err(Error::Failed(message(&payload), made));
        }
        serde_json::from_slice(&payload).map_err(Error::Answer)
    }

    fn explain(&self, error: &SdkError<InvokeError>, made: Option<String>) -> Error {
        let Some(service) = error.as_service_error() else {
            return Error::NoAnswer(chain(error), made);
        };
        let code = service.code().unwrap_or("error");
        if service.is_resource_not_found_exception() {
            return Error::NoFunction(self.name.clone(), self.region.clone());
        }
        let message = service.message().unwrap_or("no reason was given").to_owned();
        let status = error.raw_response().map_or(0, |response| response.status().as_u16());
        if status >= 500 {
            Error::NoAnswer(format!("{code}: {message}"), made)
        } else {
            Error::Refused(code.to_owned(), message)
        }
    }
}

/// What a failed function says of itself.
fn message(payload: &[u8]) -> String {
    let payload: Value = serde_json::from_slice(payload).unwrap_or_default();
    let message = payload.get("errorMessage").and_then(Value::as_str);
    message.unwrap_or("it does not say why").to_owned()
}

/// An error with its causes, which the SDK keeps apart.
fn chain(error: &dyn std::error::Error) -> String {
    let mut causes = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(error) = cause {
        causes.push(error.to_string());
        cause = error.source();
    }
    causes.dedup();
    causes.join(": ")
}
