//! Where the functions run.
//!
//! On Lambda a function runs on one thread and its futures need not be `Send`; so it is here. Apart
//! from the gateway's own threads, a busy function does not keep sockets waiting either.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tokio::runtime;
use tokio::sync::mpsc;
use tokio::task::LocalSet;

/// More would only contend for the one database thread.
const THREADS_MAX: usize = 4;

/// Runs on one of the threads, and spawns what it wants with `tokio::task::spawn_local`.
type Job = Box<dyn FnOnce() + Send>;

/// Who takes the jobs: a pool of threads, each with a runtime of its own, or the caller's thread.
/// They end when this is dropped.
#[derive(Debug)]
pub(super) struct Sandboxes {
    inboxes: Vec<mpsc::UnboundedSender<Job>>,
    next: AtomicUsize,
}

impl Sandboxes {
    /// Threads of their own.
    pub(super) fn threads() -> io::Result<Self> {
        let threads = thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX);
        let inboxes = (0..threads).map(|_| spawn_thread()).collect::<Result<_, _>>()?;
        Ok(Self { inboxes, next: AtomicUsize::new(0) })
    }

    /// The `LocalSet` that this is called in: what a simulation runs, it runs on one thread.
    pub(super) fn here() -> Self {
        let (inbox, jobs) = mpsc::unbounded_channel();
        tokio::task::spawn_local(work(jobs));
        Self { inboxes: vec![inbox], next: AtomicUsize::new(0) }
    }

    /// Runs a job on the next thread in turn.
    pub(super) fn run(&self, job: impl FnOnce() + Send + 'static) {
        let turn = self.next.fetch_add(1, Ordering::Relaxed).checked_rem(self.inboxes.len());
        if let Some(inbox) = turn.and_then(|turn| self.inboxes.get(turn)) {
            // A thread that is gone drops the job, which the caller notices.
            drop(inbox.send(Box::new(job)));
        }
    }
}

fn spawn_thread() -> io::Result<mpsc::UnboundedSender<Job>> {
    let (inbox, jobs) = mpsc::unbounded_channel();
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    thread::Builder::new().name("functions".to_owned()).spawn(move || {
        LocalSet::new().block_on(&runtime, work(jobs));
    })?;
    Ok(inbox)
}

async fn work(mut jobs: mpsc::UnboundedReceiver<Job>) {
    while let Some(job) = jobs.recv().await {
        job();
    }
}
