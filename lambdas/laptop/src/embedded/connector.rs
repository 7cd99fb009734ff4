//! The HTTP connector under the functions' SDK clients: it answers in process.
//!
//! A loopback port would cost four times the CPU per call, and would be a database without a
//! password that every web page on this machine may call.

use std::sync::Arc;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::answer::Answer;
use super::faults::{Fault, Verdict, When};
use super::held::Arrival;
use super::{Services, Simulated, kms, ses, ssm};

/// DynamoDB's word for a conflict.
const ONGOING: &str = "Transaction is ongoing for the item";

/// The connector of one function; the name is how faults and recordings know it.
#[derive(Debug, Clone)]
pub(crate) struct Connector {
    services: Arc<Services>,
    /// None: a client of a test, which is neither recorded nor hindered.
    function: Option<Arc<str>>,
}

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Operation {
    /// A DynamoDB operation by name.
    Dynamo(String),
    /// An `@connections` call.
    Connection { method: Method, id: String },
    /// KMS `Sign`.
    Sign,
    /// SES v2 `SendEmail`.
    SendEmail,
    /// The Parameter Store's `GetParameter`.
    GetParameter,
    /// A service that is not here.
    Unknown(String),
}

/// The methods of `@connections`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Post,
    Get,
    Delete,
}

impl Method {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Get => "GET",
            Self::Delete => "DELETE",
        }
    }
}

impl Operation {
    fn of(request: &HttpRequest) -> Self {
        if let Some(target) = request.headers().get("x-amz-target") {
            return match target.split_once('.') {
                Some((service, name)) if service.starts_with("DynamoDB_") => {
                    Self::Dynamo(name.to_owned())
                }
                Some(("TrentService", "Sign")) => Self::Sign,
                Some(("AmazonSSM", "GetParameter")) => Self::GetParameter,
                _ => Self::Unknown(target.to_owned()),
            };
        }
        let path = request.uri().split('?').next().unwrap_or_default();
        let method = match request.method() {
            "POST" => Method::Post,
            "GET" => Method::Get,
            "DELETE" => Method::Delete,
            other => return Self::Unknown(other.to_owned()),
        };
        if method == Method::Post && path.ends_with("/v2/email/outbound-emails") {
            return Self::SendEmail;
        }
        match path.split_once("/@connections/") {
            // The SDK encodes the `=` at an id's end; undecoded, every post would be to a stranger.
            Some((_, id)) => {
                let id = percent_decode_str(id).decode_utf8_lossy().into_owned();
                Self::Connection { method, id }
            }
            None => Self::Unknown(format!("{} {path}", method.as_str())),
        }
    }

    /// The API operation's name.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Dynamo(name) | Self::Unknown(name) => name,
            Self::Connection { method: Method::Post, .. } => "PostToConnection",
            Self::Connection { method: Method::Get, .. } => "GetConnection",
            Self::Connection { method: Method::Delete, .. } => "DeleteConnection",
            Self::Sign => "Sign",
            Self::SendEmail => "SendEmail",
            Self::GetParameter => "GetParameter",
        }
    }

    pub(crate) fn connection(&self) -> Option<&str> {
        match self {
            Self::Connection { id, .. } => Some(id),
            _ => None,
        }
    }
}

impl Connector {
    pub(crate) fn new(services: Arc<Services>, function: Option<&str>) -> Self {
        Self { services, function: function.map(Arc::from) }
    }

    async fn answer(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let operation = Operation::of(&request);
        let body = request.body().bytes().unwrap_or_default().to_vec();
        let verdict = self.function.as_deref().and_then(|function| {
            self.services.recorder.record(function, &operation, &body);
            let socket = operation.connection().map(|id| self.services.connections.socket(id));
            self.services.faults.decide(function, operation.name(), socket)
        });
        let Some(Verdict { fault, when, draw }) = verdict else {
            return respond(self.call(operation, body).await?);
        };
        respond(match (fault, when) {
            (Fault::Delay(delay), When::Before) => {
                let late = async move {
                    sleep(delay).await;
                    self.call(operation, body).await
                };
                detached(late).await?
            }
            (Fault::Delay(delay), When::After) => {
                let answer = self.call(operation, body).await?;
                sleep(delay).await;
                answer
            }
            (_, When::Before) => {
                if let Some(Simulated { times, .. }) = self.simulated() {
                    times.travel().await;
                    times.travel().await;
                }
                faulty(fault, draw, &operation, transaction_items(&operation, &body)).await
            }
            (_, When::After) => {
                let items = transaction_items(&operation, &body);
                self.call(operation.clone(), body).await?;
                faulty(fault, draw, &operation, items).await
            }
        })
    }

    fn simulated(&self) -> Option<&Simulated> {
        self.services.simulated.as_ref().filter(|_| self.function.is_some())
    }

    async fn call(&self, operation: Operation, body: Vec<u8>) -> Result<Answer, ConnectorError> {
        let Some(Simulated { times, held }) = self.simulated().cloned() else {
            return self.apply(&operation, body).await;
        };
        let connector = self.clone();
        detached(async move {
            times.travel().await;
            let answer = match held.arrive(&operation, &body) {
                Arrival::Free(_hold) => {
                    times.service(&operation).await;
                    connector.apply(&operation, body).await
                }
                Arrival::Conflicts(items) => Ok(cancelled(&items)),
                Arrival::Conflict => Ok(conflict()),
            };
            times.travel().await;
            answer
        })
        .await
    }

    async fn apply(&self, operation: &Operation, body: Vec<u8>) -> Result<Answer, ConnectorError> {
        let Services { dynamodb, connections, keys, mailbox, parameters, .. } = &*self.services;
        Ok(match operation {
            Operation::Dynamo(name) => dynamodb
                .call(name, body)
                .await
                .map_err(|stopped| ConnectorError::io(stopped.into()))?,
            Operation::Connection { method: Method::Post, id } => connections.post(id, body),
            Operation::Connection { method: Method::Get, id } => connections.describe(id),
            Operation::Connection { method: Method::Delete, id } => connections.delete(id),
            Operation::Sign => kms::sign(&keys.active, &body),
            Operation::SendEmail => ses::send_email(mailbox, &body),
            Operation::GetParameter => ssm::get_parameter(parameters, &body),
            Operation::Unknown(_) => Answer::error(400, "UnknownOperationException", ""),
        })
    }
}

/// Goes on when the caller gives up: a request under way is carried out all the same, as on AWS.
async fn detached(
    call: impl Future<Output = Result<Answer, ConnectorError>> + Send + 'static,
) -> Result<Answer, ConnectorError> {
    tokio::spawn(call).await.map_err(|error| ConnectorError::other(error.into(), None))?
}

fn respond(answer: Answer) -> Result<HttpResponse, ConnectorError> {
    let status =
        StatusCode::try_from(answer.status).map_err(|error| ConnectorError::user(error.into()))?;
    let mut response = HttpResponse::new(status, SdkBody::from(answer.body));
    if let Some(name) = answer.error_type {
        response.headers_mut().insert("x-amzn-errortype", name);
    }
    Ok(response)
}

fn transaction_items(operation: &Operation, body: &[u8]) -> Option<usize> {
    if operation.name() != "TransactWriteItems" {
        return None;
    }
    let body: Value = serde_json::from_slice(body).ok()?;
    Some(body.get("TransactItems")?.as_array()?.len())
}

/// The fault as the service itself would answer it.
async fn faulty(fault: Fault, draw: usize, operation: &Operation, items: Option<usize>) -> Answer {
    match fault {
        Fault::TransactionConflict => match items {
            Some(items) => {
                let hit = draw.checked_rem(items).unwrap_or_default();
                cancelled(&(0..items).map(|item| item == hit).collect::<Vec<_>>())
            }
            None => conflict(),
        },
        Fault::Throttling => throttled(operation),
        Fault::InternalServerError => failed(operation),
        Fault::Gone => Answer::rest_error(410, "GoneException", "Gone"),
        Fault::LimitExceeded => {
            Answer::rest_error(429, "LimitExceededException", "Too many requests")
        }
        // Without an end, a delay is a hang.
        Fault::Hang | Fault::Delay(_) => std::future::pending().await,
        // Unwinds without the panic hook's noise.
        Fault::Crash => std::panic::resume_unwind(Box::new("injected crash")),
    }
}

fn throttled(operation: &Operation) -> Answer {
    match operation {
        Operation::Connection { .. } => {
            Answer::rest_error(429, "ThrottlingException", "Too Many Requests")
        }
        Operation::SendEmail => {
            let message = "Maximum sending rate exceeded.";
            Answer::rest_error(429, "TooManyRequestsException", message)
        }
        Operation::Sign | Operation::GetParameter => {
            Answer::error(400, "ThrottlingException", "Rate exceeded")
        }
        Operation::Dynamo(_) | Operation::Unknown(_) => {
            let name = dynamo("ProvisionedThroughputExceededException");
            Answer::error(400, &name, "The level of configured throughput was exceeded")
        }
    }
}

fn failed(operation: &Operation) -> Answer {
    let message = "Internal server error";
    match operation {
        Operation::Connection { .. } | Operation::SendEmail => {
            Answer::rest_error(500, "InternalServerError", message)
        }
        Operation::Sign => Answer::error(500, "KMSInternalException", message),
        Operation::GetParameter => Answer::error(500, "InternalServerError", message),
        Operation::Dynamo(_) | Operation::Unknown(_) => {
            Answer::error(500, &dynamo("InternalServerError"), message)
        }
    }
}

fn dynamo(name: &str) -> String {
    format!("com.amazonaws.dynamodb.v20120810#{name}")
}

/// A single write to an item that a transaction holds.
fn conflict() -> Answer {
    Answer::error(400, &dynamo("TransactionConflictException"), ONGOING)
}

/// A transaction, for each of whose items it is said whether another one holds it.
fn cancelled(items: &[bool]) -> Answer {
    let reason = |held: &bool| match held {
        true => json!({"Code": "TransactionConflict", "Message": ONGOING}),
        false => json!({"Code": "None"}),
    };
    let reasons: Vec<Value> = items.iter().map(reason).collect();
    let body = json!({
        "__type": dynamo("TransactionCanceledException"),
        "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons",
        "CancellationReasons": reasons,
    });
    Answer::json(400, &body)
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().answer(request))
    }
}

impl HttpClient for Connector {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
