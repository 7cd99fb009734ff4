//! Password hashes: Argon2id at OWASP's minimum (19 MiB, two passes, one lane: "Password Storage
//! Cheat Sheet"), which is what the crate's defaults are.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use chat::Error;
use protocol::{ErrorBody, ErrorCode};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// Hashes at a time: each takes 19 MiB and a core.
const AT_A_TIME: usize = 4;
/// How long a log-in waits for its turn, within the function's own time limit.
const PATIENCE: Duration = Duration::from_secs(8);
/// The hash of no password, for the time that a log-in under an unknown name takes.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
                      AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Makes and checks password hashes, off the threads that serve others.
#[derive(Debug, Clone)]
pub(crate) struct Passwords {
    turns: Arc<Semaphore>,
    memory: Arc<Memory>,
}

impl Passwords {
    pub(crate) fn new() -> Self {
        Self { turns: Arc::new(Semaphore::new(AT_A_TIME)), memory: Arc::default() }
    }

    /// A new hash in the PHC string format, with a salt of its own.
    pub(crate) async fn hash(&self, password: String) -> Result<String, Error> {
        self.run(move |memory| new_hash(&password, memory)).await
    }

    /// Whether the password is the hash's. Without a hash the answer is no, after the same work.
    pub(crate) async fn verify(
        &self,
        password: String,
        hash: Option<String>,
    ) -> Result<bool, Error> {
        self.run(move |memory| {
            let right = is_hash_of(hash.as_deref().unwrap_or(NOBODY), &password, memory)?;
            Ok(right && hash.is_some())
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Vec<Block>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let turn = timeout(PATIENCE, Arc::clone(&self.turns).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else { return Err(busy()) };
        let memory = Arc::clone(&self.memory);
        // The turn lasts as long as the work: a caller that gives up cannot call it back.
        let worked = spawn_blocking(move || {
            let mut blocks = memory.take();
            let outcome = work(&mut blocks);
            memory.give_back(blocks);
            drop(turn);
            outcome
        });
        worked.await.map_err(|_| Error::Fault("a password could not be hashed"))?
    }
}

fn busy() -> Error {
    Error::Refused(ErrorBody {
        retry_after_ms: Some(1_000),
        ..ErrorBody::new(ErrorCode::Busy, "Too many people are signing up or in. Please try again.")
    })
}

/// The working memory of hashes, kept for the next one: allocators do not give such blocks back,
/// and a process that takes new ones for each log-in grows with every log-in.
#[derive(Default)]
struct Memory(Mutex<Vec<Vec<Block>>>);

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Memory")
    }
}

impl Memory {
    fn take(&self) -> Vec<Block> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    fn give_back(&self, blocks: Vec<Block>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(blocks);
    }
}

fn new_hash(password: &str, memory: &mut Vec<Block>) -> Result<String, Error> {
    let params = Params::DEFAULT;
    let salt = Salt::generate();
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params).map_err(|_| unusable())?,
        hash: Some(compute(params, password, &salt, memory)?),
        salt: Some(salt),
    };
    Ok(hash.to_string())
}

fn is_hash_of(hash: &str, password: &str, memory: &mut Vec<Block>) -> Result<bool, Error> {
    let unreadable = || Error::row("accounts")("not a password hash");
    let hash = PasswordHash::new(hash).map_err(|_| unreadable())?;
    let params = Params::try_from(&hash).map_err(|_| unreadable())?;
    let (Some(salt), Some(expected)) = (hash.salt, hash.hash) else { return Err(unreadable()) };
    // `Output` compares in constant time.
    Ok(compute(params, password, &salt, memory)? == expected)
}

fn compute(
    params: Params,
    password: &str,
    salt: &Salt,
    memory: &mut Vec<Block>,
) -> Result<Output, Error> {
    let bytes = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
    memory.resize(params.block_count(), Block::default());
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut output = [0; Output::MAX_LENGTH];
    let output = output.get_mut(..bytes).ok_or_else(unusable)?;
    argon2
        .hash_password_into_with_memory(password.as_bytes(), salt, output, memory)
        .map_err(|_| unusable())?;
    Output::new(output).map_err(|_| unusable())
}

fn unusable() -> Error {
    Error::Fault("a password could not be hashed")
}

#[cfg(test)]
mod tests {
    use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};

    use super::*;

    #[tokio::test]
    async fn only_the_right_password_verifies() {
        let passwords = Passwords::new();
        let hash = passwords.hash("correct horse".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(passwords.verify("correct horse".into(), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify("battery".into(), Some(hash)).await.unwrap());
        assert!(!passwords.verify("battery".into(), None).await.unwrap());
        assert!(passwords.verify("battery".into(), Some("junk".into())).await.is_err());
    }

    #[tokio::test]
    async fn the_hashes_are_the_crates_own() {
        let passwords = Passwords::new();
        let ours = passwords.hash("correct horse".into()).await.unwrap();
        Argon2::default().verify_password(b"correct horse", ours.as_str()).unwrap();
        let theirs = Argon2::default().hash_password(b"correct horse").unwrap().to_string();
        assert!(passwords.verify("correct horse".into(), Some(theirs)).await.unwrap());
    }

    #[tokio::test]
    async fn many_hashes_share_the_memory_of_a_few() {
        let passwords = Passwords::new();
        let crowd = (0..3 * AT_A_TIME).map(|_| passwords.verify("battery".into(), None));
        for verified in futures_util::future::join_all(crowd).await {
            assert!(!verified.unwrap());
        }
        let kept = passwords.memory.0.lock().unwrap().len();
        assert!((1..=AT_A_TIME).contains(&kept), "{kept}");
    }

    #[tokio::test]
    async fn a_caller_that_gives_up_frees_no_turn_before_its_work_has_ended() {
        let passwords = Passwords::new();
        let (end, ended) = std::sync::mpsc::channel::<()>();
        let caller = tokio::spawn({
            let passwords = passwords.clone();
            async move {
                let work = move |_: &mut Vec<Block>| ended.recv().map_err(|_| unusable());
                passwords.run(work).await.unwrap();
            }
        });
        while passwords.turns.available_permits() == AT_A_TIME {
            tokio::task::yield_now().await;
        }
        caller.abort();
        assert!(caller.await.unwrap_err().is_cancelled());
        assert_eq!(passwords.turns.available_permits(), AT_A_TIME - 1);
        end.send(()).unwrap();
        drop(passwords.turns.acquire_many(u32::try_from(AT_A_TIME).unwrap()).await.unwrap());
    }
}
