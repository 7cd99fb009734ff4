//! Something that is brought from elsewhere, and kept for a while.

use std::sync::{Arc, PoisonError, RwLock};

use chat::clock::Timestamp;
use tokio::sync::Mutex;

/// How old it may grow, in milliseconds.
const AGE_MAX: u64 = 15 * 60 * 1_000;
/// The pause between two tries to bring it, in milliseconds: strangers can ask for what is not there
/// as often as they like.
const PAUSE: u64 = 60 * 1_000;

/// A value, once it was brought. An old one is better than none.
#[derive(Debug)]
pub(super) struct Cached<T> {
    held: RwLock<Option<Held<T>>>,
    /// When it was last tried. Locked for as long as somebody brings it: the others wait, and share.
    tried: Mutex<Option<Timestamp>>,
}

#[derive(Debug)]
struct Held<T> {
    value: Arc<T>,
    since: Timestamp,
}

impl<T> Default for Cached<T> {
    fn default() -> Self {
        Self { held: RwLock::default(), tried: Mutex::default() }
    }
}

/// Clocks are set, and those who wait for one another have read theirs at different instants.
fn apart(one: Timestamp, other: Timestamp) -> u64 {
    one.0.abs_diff(other.0)
}

impl<T> Cached<T> {
    /// The value. It is brought first when there is none yet, when it is too old, or when it does
    /// not suit; but no sooner than a minute after the last try.
    pub(super) async fn get(
        &self,
        now: Timestamp,
        suits: impl Fn(&T) -> bool,
        bring: impl AsyncFnOnce() -> Option<T>,
    ) -> Option<Arc<T>> {
        if let Some(value) = self.fresh(now, &suits) {
            return Some(value);
        }
        let mut tried = self.tried.lock().await;
        // Somebody may have brought it meanwhile.
        if let Some(value) = self.fresh(now, &suits) {
            return Some(value);
        }
        if tried.is_none_or(|at| apart(at, now) >= PAUSE) {
            *tried = Some(now);
            if let Some(value) = bring().await {
                let held = Held { value: Arc::new(value), since: now };
                *self.held.write().unwrap_or_else(PoisonError::into_inner) = Some(held);
            }
        }
        drop(tried);
        self.look(|held| Some(Arc::clone(&held.value)))
    }

    fn fresh(&self, now: Timestamp, suits: &impl Fn(&T) -> bool) -> Option<Arc<T>> {
        self.look(|held| {
            let fresh = apart(held.since, now) < AGE_MAX && suits(&held.value);
            fresh.then(|| Arc::clone(&held.value))
        })
    }

    fn look(&self, at: impl FnOnce(&Held<T>) -> Option<Arc<T>>) -> Option<Arc<T>> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).as_ref().and_then(at)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// What is brought: a number that grows, or nothing.
    #[derive(Default)]
    struct Elsewhere {
        brought: Cell<u32>,
        fails: Cell<bool>,
    }

    impl Elsewhere {
        async fn bring(&self) -> Option<u32> {
            tokio::task::yield_now().await;
            self.brought.set(self.brought.get() + 1);
            (!self.fails.get()).then(|| self.brought.get())
        }
    }

    async fn get(
        cached: &Cached<u32>,
        from: &Elsewhere,
        second: i64,
        at_least: u32,
    ) -> Option<u32> {
        let now = Timestamp(1_700_000_000_000 + second * 1_000);
        let found = cached.get(now, |value| *value >= at_least, async || from.bring().await).await;
        found.map(|value| *value)
    }

    #[tokio::test]
    async fn it_is_kept_for_a_quarter_of_an_hour() {
        let (cached, from) = (Cached::default(), Elsewhere::default());
        assert_eq!(get(&cached, &from, 0, 0).await, Some(1));
        assert_eq!(get(&cached, &from, 899, 0).await, Some(1));
        assert_eq!(get(&cached, &from, 900, 0).await, Some(2));
    }

    #[tokio::test]
    async fn what_does_not_suit_is_brought_again_once_a_minute() {
        let (cached, from) = (Cached::default(), Elsewhere::default());
        assert_eq!(get(&cached, &from, 0, 0).await, Some(1));
        for second in 1..60 {
            assert_eq!(get(&cached, &from, second, 9).await, Some(1), "{second}");
        }
        for second in 60..120 {
            assert_eq!(get(&cached, &from, second, 9).await, Some(2), "{second}");
        }
        assert_eq!(from.brought.get(), 2);
    }

    #[tokio::test]
    async fn when_it_cannot_be_had_the_old_one_stays() {
        let (cached, from) = (Cached::default(), Elsewhere::default());
        from.fails.set(true);
        assert_eq!(get(&cached, &from, 0, 0).await, None);
        assert_eq!(get(&cached, &from, 59, 0).await, None);
        assert_eq!(from.brought.get(), 1);
        from.fails.set(false);
        assert_eq!(get(&cached, &from, 60, 0).await, Some(2));
        from.fails.set(true);
        assert_eq!(get(&cached, &from, 960, 0).await, Some(2));
        assert_eq!(from.brought.get(), 3);
    }

    #[tokio::test]
    async fn those_who_come_together_share_it() {
        let (cached, from) = (Cached::default(), Elsewhere::default());
        let all = (0..20).map(|_| get(&cached, &from, 0, 0));
        let found = futures_util::future::join_all(all).await;
        assert_eq!(found, vec![Some(1); 20]);
        assert_eq!(from.brought.get(), 1);
    }

    #[tokio::test]
    async fn a_clock_that_was_set_back_does_not_keep_it_for_longer() {
        let (cached, from) = (Cached::default(), Elsewhere::default());
        assert_eq!(get(&cached, &from, 0, 0).await, Some(1));
        assert_eq!(get(&cached, &from, -1, 0).await, Some(1));
        assert_eq!(get(&cached, &from, -3_600, 0).await, Some(2));
    }
}
