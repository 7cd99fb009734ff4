use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::time::Duration;

/// How long a scenario waits for something that must happen. Generous, since a busy machine is not
/// a failure: only what never comes is one.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Why a scenario failed, and where in its text. Every error turns into one by way of `?`.
pub struct Failure {
    message: String,
    at: &'static Location<'static>,
}

/// What a scenario ends with.
pub type Outcome = Result<(), Failure>;

impl Failure {
    /// A failure in words.
    #[track_caller]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), at: Location::caller() }
    }

    /// Says what was going on when this failure came.
    #[must_use]
    pub fn during(mut self, what: impl fmt::Display) -> Self {
        self.message = format!("{what}: {}", self.message);
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}:{})", self.message, self.at.file(), self.at.line())
    }
}

// The test harness shows a failed test's error by `{:?}`.
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<E: std::error::Error> From<E> for Failure {
    #[track_caller]
    fn from(error: E) -> Self {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            message = format!("{message}: {cause}");
            source = cause.source();
        }
        Self { message, at: Location::caller() }
    }
}

/// Fails the scenario, in the words given, unless the condition holds.
#[macro_export]
macro_rules! ensure {
    ($condition:expr, $($words:tt)+) => {
        if !$condition {
            return Err($crate::Failure::new(format!($($words)+)));
        }
    };
}

/// Fails the scenario unless the two are equal: what came, then what should have come.
#[macro_export]
macro_rules! ensure_eq {
    ($came:expr, $expected:expr, $($words:tt)+) => {
        match (&$came, &$expected) {
            (came, expected) => {
                if *came != *expected {
                    return Err($crate::Failure::new(format!(
                        "{}: expected {expected:?}, got {came:?}",
                        format_args!($($words)+),
                    )));
                }
            }
        }
    };
}

/// Waits for a future, though not for ever.
///
/// # Errors
/// When [`PATIENCE`] has passed.
pub async fn within<T>(
    what: impl fmt::Display,
    future: impl Future<Output = T>,
) -> Result<T, Failure> {
    tokio::time::timeout(PATIENCE, future)
        .await
        .map_err(|_| Failure::new(format!("no {what} within {} s", PATIENCE.as_secs())))
}
