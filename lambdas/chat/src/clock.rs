//! Time: for show and for expiry, never for order.

use chrono::{DateTime, SecondsFormat, Utc};

/// An instant, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This machine's clock.
    #[must_use]
    pub fn now() -> Self {
        #[cfg(feature = "test-util")]
        if let Some(now) = simulated::now() {
            return now;
        }
        Self(Utc::now().timestamp_millis())
    }

    /// Whole seconds since 1970, as DynamoDB's TTL and JWT count them.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// A later instant.
    #[must_use]
    pub fn plus(self, duration: std::time::Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    /// RFC 3339 in UTC with milliseconds, the form of every time on the wire.
    #[must_use]
    pub fn rfc3339(self) -> String {
        DateTime::from_timestamp_millis(self.0)
            .unwrap_or_default()
            .to_rfc3339_opts(SecondsFormat::Millis, true)
    }

    /// Reads what [`Timestamp::rfc3339`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        DateTime::parse_from_rfc3339(text).ok().map(|time| Self(time.timestamp_millis()))
    }
}

#[cfg(feature = "test-util")]
pub use simulated::SimulatedClock;

#[cfg(feature = "test-util")]
mod simulated {
    use std::cell::Cell;
    use std::marker::PhantomData;

    use tokio::time::Instant;

    use super::Timestamp;

    thread_local! {
        static BEGUN: Cell<Option<(Timestamp, Instant)>> = const { Cell::new(None) };
    }

    /// Replaces this thread's clock until it is dropped. It goes as tokio's does: where that one is
    /// paused, rows age with the timers and not with the machine.
    #[derive(Debug)]
    pub struct SimulatedClock {
        // It belongs to its thread.
        _not_send: PhantomData<*const ()>,
    }

    impl SimulatedClock {
        /// Sets the clock to `now`. To be called inside the runtime whose time it follows.
        #[must_use]
        pub fn begin(now: Timestamp) -> Self {
            BEGUN.set(Some((now, Instant::now())));
            Self { _not_send: PhantomData }
        }
    }

    impl Drop for SimulatedClock {
        fn drop(&mut self) {
            BEGUN.set(None);
        }
    }

    pub(super) fn now() -> Option<Timestamp> {
        let (start, begun) = BEGUN.get()?;
        Some(start.plus(begun.elapsed()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let time = Timestamp(1_795_348_800_007);
        assert_eq!(time.rfc3339(), "2026-11-22T12:00:00.007Z");
        assert_eq!(Timestamp::parse(&time.rfc3339()), Some(time));
        assert_eq!(time.seconds(), 1_795_348_800);
    }
}
