//! DynamoDB on SQLite, on a thread of its own.
//!
//! The database serialises everything behind one lock and waits for the disk at each commit. On its
//! own thread it does so without stalling the gateway's workers. In a simulation it answers on its
//! caller's thread instead: paused time would jump while another one works.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;

use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::sync::oneshot;

use super::answer::Answer;
use crate::catalog::{KeySpec, TableSpec};
use crate::private;

/// Why the database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The file holds something else, or not all of it can be read.
    #[error(
        "{} is not a Parley database, or is damaged: restore a copy, or choose another DATA",
        .0.display()
    )]
    Spoiled(PathBuf),
    /// The file is a newer build's.
    #[error(
        "{} was written by a newer Parley: run that version, or choose another DATA",
        .0.display()
    )]
    Newer(PathBuf),
    /// The file cannot be used.
    #[error("{} cannot be used: {}", .0.display(), .1)]
    File(PathBuf, String),
    /// The database does not start.
    #[error("the database does not start: {0}")]
    Start(String),
    /// Its thread ended.
    #[error("the database has stopped")]
    Stopped,
    /// It refused one of our own calls.
    #[error("the database refused {operation}: {message}")]
    Refused {
        /// The operation.
        operation: &'static str,
        /// The database's own words.
        message: String,
    },
}

/// A handle to the database.
#[derive(Debug, Clone)]
pub(crate) struct DynamoDb(Place);

#[derive(Clone)]
enum Place {
    Thread(mpsc::Sender<Job>),
    Here(Database),
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Thread(_) => "Thread",
            Self::Here(_) => "Here",
        })
    }
}

#[derive(Debug)]
enum Job {
    Call { operation: String, body: Vec<u8>, reply: oneshot::Sender<Answer> },
    Close { closed: oneshot::Sender<()> },
}

impl DynamoDb {
    /// Opens a file, or memory without one.
    pub(crate) fn open(file: Option<&Path>) -> Result<Self, DatabaseError> {
        // SQLite's default `synchronous=FULL` stays: an acknowledged message survives power loss.
        let database = match file {
            Some(path) => open_file(path)?,
            None => in_memory()?,
        };
        let (jobs, inbox) = mpsc::channel();
        thread::Builder::new()
            .name("dynamodb".to_owned())
            .spawn(move || serve(database, &inbox))
            .map_err(|error| DatabaseError::Start(error.to_string()))?;
        Ok(Self(Place::Thread(jobs)))
    }

    /// One in memory that answers on its caller's thread.
    pub(crate) fn here() -> Result<Self, DatabaseError> {
        Ok(Self(Place::Here(in_memory()?)))
    }

    /// Closes the database behind the calls already made: its log is folded back into its file.
    /// Later calls fail. The receiver ends when it is done. One in memory goes with its last handle.
    pub(crate) fn close(&self) -> oneshot::Receiver<()> {
        let (closed, wait) = oneshot::channel();
        if let Place::Thread(jobs) = &self.0 {
            // A failure says that the thread has ended, and drops the sender.
            drop(jobs.send(Job::Close { closed }));
        }
        wait
    }

    /// Makes one call.
    pub(crate) async fn call(
        &self,
        operation: &str,
        body: Vec<u8>,
    ) -> Result<Answer, DatabaseError> {
        let jobs = match &self.0 {
            Place::Thread(jobs) => jobs,
            Place::Here(database) => return Ok(dispatch(database, operation, &body)),
        };
        let (reply, answer) = oneshot::channel();
        let job = Job::Call { operation: operation.to_owned(), body, reply };
        jobs.send(job).map_err(|_| DatabaseError::Stopped)?;
        answer.await.map_err(|_| DatabaseError::Stopped)
    }

    /// Makes one call of our own, which must succeed.
    pub(crate) async fn must(
        &self,
        operation: &'static str,
        body: &serde_json::Value,
    ) -> Result<serde_json::Value, DatabaseError> {
        let answer = self.call(operation, body.to_string().into_bytes()).await?;
        let text = String::from_utf8_lossy(&answer.body);
        match serde_json::from_str(&text) {
            Ok(body) if answer.status == 200 => Ok(body),
            _ => Err(DatabaseError::Refused { operation, message: text.into_owned() }),
        }
    }

    /// Makes a table unless it is there.
    pub(crate) async fn create_table(
        &self,
        name: &str,
        spec: &TableSpec,
    ) -> Result<(), DatabaseError> {
        let body = create_table_request(name, spec);
        match self.must("CreateTable", &body).await {
            Err(DatabaseError::Refused { message, .. })
                if message.contains("ResourceInUseException") =>
            {
                Ok(())
            }
            other => other.map(drop),
        }
    }

    /// Removes a table, if it is there.
    pub(crate) async fn delete_table(&self, name: &str) -> Result<(), DatabaseError> {
        match self.must("DeleteTable", &json!({"TableName": name})).await {
            Err(DatabaseError::Refused { message, .. })
                if message.contains("ResourceNotFoundException") =>
            {
                Ok(())
            }
            other => other.map(drop),
        }
    }
}

impl DatabaseError {
    /// What a file's database said, as a line for a person.
    ///
    /// The kinds of its errors belong to a crate below it, so its words are what there is to go by;
    /// a test holds them fast.
    fn of_file(path: &Path, words: &str) -> Self {
        const DAMAGE: [&str; 3] = ["not a valid SQLite database", "not a database", "malformed"];
        let path = path.to_owned();
        if words.contains("newer version") {
            Self::Newer(path)
        } else if DAMAGE.iter().any(|sign| words.contains(sign)) {
            Self::Spoiled(path)
        } else {
            Self::File(path, words.to_owned())
        }
    }

    /// The error as the file's, when this one is how its damage shows.
    pub(crate) fn at(self, file: Option<&Path>) -> Self {
        match (&self, file) {
            (Self::Refused { message, .. }, Some(path)) => match Self::of_file(path, message) {
                spoiled @ Self::Spoiled(_) => spoiled,
                _ => self,
            },
            _ => self,
        }
    }
}

fn in_memory() -> Result<Database, DatabaseError> {
    Database::memory().map_err(|error| DatabaseError::Start(error.to_string()))
}

/// SQLite would make the file readable by others. Its log it makes with the file's own mode.
fn open_file(path: &Path) -> Result<Database, DatabaseError> {
    let unusable = |reason: String| DatabaseError::File(path.to_owned(), reason);
    let text = path.to_str().ok_or_else(|| unusable("its path is not valid UTF-8".to_owned()))?;
    private::open(path).map_err(|error| unusable(error.to_string()))?;
    for left_by_a_crash in ["-wal", "-shm"] {
        match private::keep(Path::new(&format!("{text}{left_by_a_crash}"))) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(unusable(error.to_string()));
            }
            _ => {}
        }
    }
    Database::new(text).map_err(|error| DatabaseError::of_file(path, &error.to_string()))
}

fn serve(database: Database, inbox: &mpsc::Receiver<Job>) {
    while let Ok(job) = inbox.recv() {
        match job {
            Job::Call { operation, body, reply } => {
                let answer = dispatch(&database, &operation, &body);
                // The caller may have given up; its write is applied all the same, as on AWS.
                drop(reply.send(answer));
            }
            Job::Close { closed } => {
                drop(database);
                closed.send(()).unwrap_or_default();
                return;
            }
        }
    }
}

fn create_table_request(name: &str, spec: &TableSpec) -> serde_json::Value {
    let mut attributes: Vec<&KeySpec> = Vec::new();
    let keys = std::iter::once((&spec.hash_key, &spec.range_key));
    let index_keys = spec.indexes.values().map(|index| (&index.hash_key, &index.range_key));
    for (hash, range) in keys.chain(index_keys) {
        for key in std::iter::once(hash).chain(range) {
            if !attributes.contains(&key) {
                attributes.push(key);
            }
        }
    }
    let attributes: Vec<_> = attributes
        .into_iter()
        .map(|key| json!({"AttributeName": key.name, "AttributeType": key.kind}))
        .collect();
    let indexes: Vec<_> = spec
        .indexes
        .iter()
        .map(|(name, index)| {
            let projection = index.projection.as_deref().unwrap_or("ALL");
            json!({
                "IndexName": name,
                "KeySchema": key_schema(&index.hash_key, index.range_key.as_ref()),
                "Projection": {"ProjectionType": projection},
            })
        })
        .collect();
    let mut request = json!({
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": attributes,
        "KeySchema": key_schema(&spec.hash_key, spec.range_key.as_ref()),
    });
    if !indexes.is_empty()
        && let Some(request) = request.as_object_mut()
    {
        request.insert("GlobalSecondaryIndexes".to_owned(), indexes.into());
    }
    request
}

fn key_schema(hash: &KeySpec, range: Option<&KeySpec>) -> serde_json::Value {
    let mut schema = vec![json!({"AttributeName": hash.name, "KeyType": "HASH"})];
    schema.extend(range.map(|key| json!({"AttributeName": key.name, "KeyType": "RANGE"})));
    schema.into()
}

fn dispatch(database: &Database, operation: &str, body: &[u8]) -> Answer {
    match operation {
        "GetItem" => run(body, |request| database.get_item(request)),
        "PutItem" => run(body, |request| database.put_item(request)),
        "UpdateItem" => run(body, |request| database.update_item(request)),
        "DeleteItem" => run(body, |request| database.delete_item(request)),
        "Query" => run(body, |request| database.query(request)),
        "Scan" => run(body, |request| database.scan(request)),
        "BatchGetItem" => run(body, |request| database.batch_get_item(request)),
        "BatchWriteItem" => run(body, |request| database.batch_write_item(request)),
        "TransactGetItems" => run(body, |request| database.transact_get_items(request)),
        "TransactWriteItems" => run(body, |request| database.transact_write_items(request)),
        "CreateTable" => run(body, |request| database.create_table(request)),
        "DeleteTable" => run(body, |request| database.delete_table(request)),
        "DescribeTable" => run(body, |request| database.describe_table(request)),
        "ListTables" => run(body, |request| database.list_tables(request)),
        _ => Answer::error(400, "com.amazon.coral.service#UnknownOperationException", ""),
    }
}

fn run<Q, R>(body: &[u8], call: impl FnOnce(Q) -> dynoxide::Result<R>) -> Answer
where
    Q: DeserializeOwned,
    R: Serialize,
{
    let answer = match serde_json::from_slice(body) {
        Ok(request) => call(request),
        Err(error) => Err(refusal(&error.to_string())),
    };
    match answer {
        Ok(response) => match serde_json::to_vec(&response) {
            Ok(body) => Answer { status: 200, error_type: None, body },
            Err(_) => Answer::error(500, "InternalServerError", "Internal server error"),
        },
        Err(error) => {
            let body = error.to_json().into_bytes();
            Answer { status: error.status_code(), error_type: None, body }
        }
    }
}

/// The typed requests refuse some values while they are read, with the error's class as a prefix;
/// the crate's own HTTP server, which is not built here, tells them apart like this.
fn refusal(message: &str) -> DynoxideError {
    let text = message.rsplit_once(" at line ").map_or(message, |(text, _)| text);
    for prefix in [
        "VALIDATION:",
        "VALIDATION_REQUEST:",
        "VALIDATION_AS_READ:",
        "missing field",
        "unknown variant",
    ] {
        if let Some(rest) = text.strip_prefix(prefix) {
            let kept = if prefix.ends_with(':') { rest } else { text };
            return DynoxideError::ValidationException(kept.to_owned());
        }
    }
    if text.contains("AttributeValue") || text.contains("invalid type: null") {
        return DynoxideError::ValidationException(text.to_owned());
    }
    let text = text.strip_prefix("SERIALIZATION_AS_READ:").unwrap_or(text);
    let text = text.strip_prefix("SERIALIZATION:").unwrap_or(text);
    DynoxideError::SerializationException(text.to_owned())
}
