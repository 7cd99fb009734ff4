//! The functions as Lambda runs them: JSON in, JSON out, a time limit, and a crash that harms nobody
//! else.

mod routes;
mod sandboxes;

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::io;
use std::ops::RangeInclusive;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chat::settings::SettingsError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::oneshot;

use crate::catalog::Catalog;
use crate::embedded::Aws;
use routes::Routes;
use sandboxes::Sandboxes;

pub(crate) use routes::HttpRoute;

type Invocation = Pin<Box<dyn Future<Output = Result<Value, Failure>>>>;
type Invoke = Arc<dyn Fn(Value) -> Invocation + Send + Sync>;

/// Why an invocation has no answer. API Gateway tells a client none of it.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The event does not have the shape of the function's type: our fault.
    // The source quotes the value that did not fit, which must not reach a log.
    #[error("the event does not fit the function's type")]
    Event(#[source] serde_json::Error),
    /// The function returned an error.
    #[error("{0}")]
    Handler(String),
    /// The answer cannot be written as JSON.
    #[error("the response is not JSON")]
    Response(#[source] serde_json::Error),
    /// The function panicked.
    #[error("the function crashed")]
    Crashed,
    /// The function ran into its time limit.
    #[error("the function timed out after {} s", .0.as_secs_f64())]
    TimedOut(Duration),
    /// The gateway waited so long and no longer.
    #[error("no answer within the integration's {} s", .0.as_secs_f64())]
    NoAnswer(Duration),
    /// There is no such function.
    #[error("no such function")]
    Unknown,
}

/// Why a function cannot start.
#[derive(Debug, thiserror::Error)]
pub enum FunctionError {
    /// Its settings are wrong.
    #[error("function {0}: {1}")]
    Settings(&'static str, #[source] SettingsError),
    /// `functions.tf.json` names a function that this build does not have.
    #[error("function {0} of functions.tf.json is not part of this build")]
    Missing(String),
    /// Its route is none, or meets another one.
    #[error("route {0} of functions.tf.json: {1}")]
    Route(String, #[source] matchit::InsertError),
    /// Its thread does not start.
    #[error("no thread for the functions: {0}")]
    Thread(#[from] io::Error),
}

/// Every function of the catalog, ready to be called.
pub(crate) struct Functions {
    by_name: BTreeMap<&'static str, Function>,
    routes: Routes,
    /// Route key to the name of its authorizer.
    authorizers: BTreeMap<String, String>,
    delay: Option<Delay>,
    sandboxes: Sandboxes,
}

struct Function {
    invoke: Invoke,
    timeout: Duration,
}

struct Delay {
    range: RangeInclusive<Duration>,
    random: Mutex<fastrand::Rng>,
}

impl fmt::Debug for Functions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.by_name.keys()).finish()
    }
}

/// Joins a function's context and its `handle` into one call on JSON. The bounds are those of
/// [`chat::runtime`], which does the same on Lambda.
fn invoker<Ctx, Event, Response, Handle>(ctx: Ctx, handle: Handle) -> Invoke
where
    Ctx: Send + Sync + 'static,
    Event: DeserializeOwned + 'static,
    Response: Serialize + 'static,
    Handle: AsyncFn(&Ctx, Event) -> Result<Response, chat::Error> + Send + Sync + 'static,
{
    let function = Arc::new((ctx, handle));
    Arc::new(move |event| {
        let function = Arc::clone(&function);
        Box::pin(async move {
            let (ctx, handle) = &*function;
            let event = serde_json::from_value(event).map_err(Failure::Event)?;
            let response = handle(ctx, event).await;
            let response = response.map_err(|error| Failure::Handler(error.to_string()))?;
            serde_json::to_value(response).map_err(Failure::Response)
        })
    })
}

/// A function's context, from its own SDK configuration and settings.
fn ctx<Ctx>(
    aws: &Aws,
    name: &'static str,
    new: impl FnOnce(&aws_types::SdkConfig, &chat::Settings) -> Result<Ctx, SettingsError>,
) -> Result<Ctx, FunctionError> {
    new(&aws.sdk_config(name), &aws.settings(name))
        .map_err(|error| FunctionError::Settings(name, error))
}

/// The one place that names every function of this build.
fn build(aws: &Aws) -> Result<BTreeMap<&'static str, Invoke>, FunctionError> {
    let mut all = BTreeMap::new();
    let name = "authorizer";
    all.insert(name, invoker(ctx(aws, name, authorizer::Ctx::new)?, authorizer::handle));
    let name = "connection-manager";
    let own = ctx(aws, name, connection_manager::Ctx::new)?;
    all.insert(name, invoker(own, connection_manager::handle));
    let name = "rooms";
    all.insert(name, invoker(ctx(aws, name, rooms::Ctx::new)?, rooms::handle));
    let name = "send-message";
    all.insert(name, invoker(ctx(aws, name, send_message::Ctx::new)?, send_message::handle));
    let name = "get-recent-messages";
    let own = ctx(aws, name, get_recent_messages::Ctx::new)?;
    all.insert(name, invoker(own, get_recent_messages::handle));
    let name = "default-message";
    all.insert(name, invoker(ctx(aws, name, default_message::Ctx::new)?, default_message::handle));
    let name = "accounts";
    all.insert(name, invoker(ctx(aws, name, accounts::Ctx::new)?, accounts::handle));
    let name = "admin";
    all.insert(name, invoker(ctx(aws, name, admin::Ctx::new)?, admin::handle));
    let name = "ping";
    all.insert(name, invoker(ctx(aws, name, ping::Ctx::new)?, ping::handle));
    Ok(all)
}

impl Functions {
    pub(crate) fn new(
        aws: &Aws,
        delay: Option<RangeInclusive<Duration>>,
        seed: u64,
    ) -> Result<Self, FunctionError> {
        Self::assemble(aws.catalog(), build(aws)?, delay, seed, Sandboxes::threads()?)
    }

    /// The same on the caller's thread, which is to be in a `LocalSet`: for a simulation.
    pub(crate) fn here(
        aws: &Aws,
        delay: Option<RangeInclusive<Duration>>,
        seed: u64,
    ) -> Result<Self, FunctionError> {
        Self::assemble(aws.catalog(), build(aws)?, delay, seed, Sandboxes::here())
    }

    fn assemble(
        catalog: &Catalog,
        mut invokers: BTreeMap<&'static str, Invoke>,
        delay: Option<RangeInclusive<Duration>>,
        seed: u64,
        sandboxes: Sandboxes,
    ) -> Result<Self, FunctionError> {
        let mut by_name = BTreeMap::new();
        let mut routes = Routes::default();
        let mut authorizers = BTreeMap::new();
        for (name, spec) in &catalog.functions {
            let Some((known, invoke)) = invokers.remove_entry(name.as_str()) else {
                return Err(FunctionError::Missing(name.clone()));
            };
            by_name.insert(known, Function { invoke, timeout: spec.timeout() });
            for route in &spec.routes {
                let added = routes.insert(route, name);
                added.map_err(|error| FunctionError::Route(route.clone(), error))?;
            }
            authorizers.extend(spec.authorizes.iter().map(|route| (route.clone(), name.clone())));
        }
        let delay = delay.map(|range| {
            let random = Mutex::new(fastrand::Rng::with_seed(seed));
            Delay { range, random }
        });
        Ok(Self { by_name, routes, authorizers, delay, sandboxes })
    }

    /// The function of a WebSocket's route: `$connect`, `sendMessage`.
    pub(crate) fn of_route(&self, route: &str) -> Option<&str> {
        self.routes.function(route)
    }

    /// The route of an HTTP request.
    pub(crate) fn http_route(&self, method: &str, path: &str) -> Option<HttpRoute<'_>> {
        self.routes.http(method, path)
    }

    /// The authorizer of a route.
    pub(crate) fn authorizer_of(&self, route: &str) -> Option<&str> {
        self.authorizers.get(route).map(String::as_str)
    }

    /// Calls a function.
    ///
    /// It runs in a task of its own: it does not end with its caller, as on Lambda, and its panic
    /// reaches nobody else. Its time limit drops it at its next await, as Lambda ends a sandbox.
    pub(crate) async fn invoke(&self, name: &str, event: Value) -> Result<Value, Failure> {
        let Some(function) = self.by_name.get(name) else { return Err(Failure::Unknown) };
        let limit = function.timeout;
        let delay = self.delay.as_ref().map(Delay::draw);
        let invoke = Arc::clone(&function.invoke);
        let (reply, answer) = oneshot::channel();
        self.sandboxes.run(move || {
            tokio::task::spawn_local(async move {
                if let Some(delay) = delay {
                    tokio::time::sleep(delay).await;
                }
                let outcome = tokio::time::timeout(limit, invoke(event)).await;
                // Nobody waits any more when the caller was dropped.
                drop(reply.send(outcome.unwrap_or(Err(Failure::TimedOut(limit)))));
            });
        });
        // A panic drops the sender.
        answer.await.unwrap_or(Err(Failure::Crashed))
    }
}

impl Delay {
    fn draw(&self) -> Duration {
        let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
        let spread = self.range.end().saturating_sub(*self.range.start());
        *self.range.start() + spread.mul_f64(random.f64())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;

    use super::*;

    /// Functions of a test's own in the places of the real ones.
    pub(crate) fn stand_ins(
        replace: impl Fn(&str) -> Option<Invoke>,
        catalog: &Catalog,
    ) -> Functions {
        const NAMES: [&str; 9] = [
            "accounts",
            "admin",
            "authorizer",
            "connection-manager",
            "default-message",
            "get-recent-messages",
            "ping",
            "rooms",
            "send-message",
        ];
        let empty = || invoker((), async |(): &(), _: Value| Ok(json!({"statusCode": 200})));
        let invokers =
            NAMES.map(|name| (name, replace(name).unwrap_or_else(empty))).into_iter().collect();
        Functions::assemble(catalog, invokers, None, 0, Sandboxes::threads().unwrap()).unwrap()
    }

    #[tokio::test]
    async fn every_function_of_the_catalog_is_built() {
        let aws = Aws::in_memory().await.unwrap();
        let functions = Functions::new(&aws, None, 0).unwrap();
        assert_eq!(functions.by_name.len(), aws.catalog().functions.len());
        assert_eq!(functions.of_route("$connect"), Some("connection-manager"));
        assert_eq!(functions.authorizer_of("$connect"), Some("authorizer"));
        let route = functions.http_route("DELETE", "/v1/sessions/s_1").unwrap();
        assert_eq!((route.key, route.function), ("DELETE /v1/sessions/{id}", "accounts"));
    }

    #[tokio::test]
    async fn a_crash_is_an_answer() {
        let catalog = Catalog::load().unwrap();
        let crash = |name: &str| {
            (name == "ping").then(|| {
                invoker((), async |(): &(), _: Value| -> Result<Value, _> {
                    std::panic::resume_unwind(Box::new("crash"))
                })
            })
        };
        let functions = stand_ins(crash, &catalog);
        assert!(matches!(functions.invoke("ping", Value::Null).await, Err(Failure::Crashed)));
        assert!(functions.invoke("accounts", Value::Null).await.is_ok());
    }

    #[tokio::test]
    async fn a_hanging_function_meets_its_time_limit() {
        let catalog = Catalog::load().unwrap();
        let hang = |name: &str| {
            (name == "ping").then(|| {
                invoker((), async |(): &(), _: Value| -> Result<Value, _> {
                    std::future::pending().await
                })
            })
        };
        let mut functions = stand_ins(hang, &catalog);
        let limit = Duration::from_millis(10);
        functions.by_name.get_mut("ping").unwrap().timeout = limit;
        match functions.invoke("ping", Value::Null).await {
            Err(Failure::TimedOut(after)) => assert_eq!(after, limit),
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_wrong_event_is_refused_by_its_type() {
        let aws = Aws::in_memory().await.unwrap();
        let functions = Functions::new(&aws, None, 0).unwrap();
        let event = json!({"requestContext": {"connectedAt": "not a number"}});
        let answer = functions.invoke("default-message", event).await;
        assert!(matches!(answer, Err(Failure::Event(_))), "{answer:?}");
    }
}
