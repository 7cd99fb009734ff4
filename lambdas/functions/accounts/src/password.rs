//! Password hashes: Argon2id at OWASP's minimum (19 MiB, two passes, one lane: "Password Storage
//! Cheat Sheet"), which is what the crate's defaults are.

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use chat::Error;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// Hashes at a time: each takes 19 MiB and a core, and a flood of log-ins must not take them all.
const AT_A_TIME: usize = 4;
/// The hash of no password, for the time that a log-in under an unknown name takes.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
                      AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Makes and checks password hashes, off the threads that serve others.
#[derive(Debug, Clone)]
pub(crate) struct Passwords {
    turns: Arc<Semaphore>,
}

impl Passwords {
    pub(crate) fn new() -> Self {
        Self { turns: Arc::new(Semaphore::new(AT_A_TIME)) }
    }

    /// A new hash in the PHC string format, with a salt of its own.
    pub(crate) async fn hash(&self, password: String) -> Result<String, Error> {
        self.run(move || {
            Argon2::default()
                .hash_password(password.as_bytes())
                .map(|hash| hash.to_string())
                .map_err(|_| Error::Fault("a password could not be hashed"))
        })
        .await?
    }

    /// Whether the password is the hash's. Without a hash the answer is no, after the same work.
    pub(crate) async fn verify(
        &self,
        password: String,
        hash: Option<String>,
    ) -> Result<bool, Error> {
        self.run(move || {
            let known = hash.is_some();
            let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
            let parsed = PasswordHash::new(&hash)
                .map_err(|_| Error::row("accounts")("not a password hash"))?;
            let right = Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok();
            Ok(right && known)
        })
        .await?
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let stopping = || Error::Fault("the process is stopping");
        let _turn = self.turns.acquire().await.map_err(|_| stopping())?;
        spawn_blocking(work).await.map_err(|_| stopping())
    }
}

#[cfg(test)]
mod tests {
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
}
