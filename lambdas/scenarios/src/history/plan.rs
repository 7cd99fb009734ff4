use std::time::Duration;

use protocol::limits;

/// What a run is like. The same plan on the same deterministic body makes the same record.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Of all that is drawn.
    pub seed: u64,
    /// How many clients there are: more than people, so that some are the same person's.
    pub clients: usize,
    /// How many rooms are made besides `general`.
    pub rooms: usize,
    /// The run ends when so many changes are acknowledged.
    pub changes: usize,
    /// The longest that a client rests between two acts.
    pub pause: Duration,
    /// Whether clients lose sockets and what is said on them.
    pub bad_lines: bool,
    /// The longest that a client stays away; none does when it is zero.
    pub absence: Duration,
    /// How long a request may stay unanswered.
    pub request_timeout: Duration,
    /// How long what still goes on in the server is given to end, once nothing goes wrong any more.
    pub quiet: Duration,
    /// How long everybody is given to come to rest.
    pub patience: Duration,
}

impl Plan {
    /// A run in simulated time, where waiting costs nothing.
    #[must_use]
    pub fn simulated(seed: u64, clients: usize, changes: usize) -> Self {
        Self {
            seed,
            clients,
            rooms: 3,
            changes,
            pause: Duration::from_secs(1),
            bad_lines: true,
            absence: Duration::from_secs(50),
            request_timeout: Duration::from_millis(limits::REQUEST_TIMEOUT_MS),
            quiet: Duration::from_secs(20),
            patience: Duration::from_secs(180),
        }
    }

    /// A run of a few seconds on a body that keeps real time.
    #[must_use]
    pub fn real(seed: u64) -> Self {
        Self {
            seed,
            clients: 5,
            rooms: 2,
            changes: 60,
            pause: Duration::from_millis(200),
            bad_lines: true,
            absence: Duration::ZERO,
            request_timeout: Duration::from_secs(5),
            quiet: Duration::ZERO,
            patience: Duration::from_secs(60),
        }
    }
}
