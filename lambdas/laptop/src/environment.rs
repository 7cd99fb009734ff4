//! Settings of the functions that a laptop takes from its own environment.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;

/// The others follow from the data directory, and a stray variable must not replace them.
const PASSED_ON: [&str; 13] = [
    "ADDRESS_LIMITS",
    "ALLOWED_ORIGINS",
    "ALLOW_URL_TOKEN",
    "COOKIE_SECURE",
    "HANDOVER_AFTER_MS",
    "MAIL_FROM",
    "RATE_LIMITS",
    "SIGNUP",
    "SIGNUP_DOMAINS",
    "SITE_URL",
    "TRUSTED_ISSUERS",
    "TRUSTED_PROXIES",
    "VERIFY_EMAIL",
];
/// Its value is long, and may stand in a file.
const FROM_FILE: &str = "TRUSTED_ISSUERS";
/// It means something when it is empty: that no mail can be sent.
const MAY_BE_EMPTY: &str = "MAIL_FROM";

/// Why the environment's settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EnvironmentError {
    /// A setting names a file that cannot be read.
    #[error("{0}=@{path}: {1}", path = .2.display())]
    File(&'static str, #[source] io::Error, PathBuf),
}

/// The settings to pass on, from `variable`, which gives an environment variable. An empty one is as
/// good as none, but for `MAIL_FROM`. What a value has to look like is for the functions to say when they start.
///
/// # Errors
/// When `TRUSTED_ISSUERS=@FILE` names a file that cannot be read.
pub fn settings(
    variable: impl Fn(&str) -> Option<String>,
) -> Result<BTreeMap<String, String>, EnvironmentError> {
    let mut settings = BTreeMap::new();
    for name in PASSED_ON {
        let Some(value) = variable(name) else { continue };
        if value.is_empty() && name != MAY_BE_EMPTY {
            continue;
        }
        let value = match value.strip_prefix('@') {
            Some(path) if name == FROM_FILE => fs::read_to_string(path)
                .map_err(|error| EnvironmentError::File(FROM_FILE, error, path.into()))?,
            _ => value,
        };
        settings.insert(name.to_owned(), value);
    }
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_on_what_is_listed_and_not_empty() {
        let passed = settings(|name| match name {
            "SIGNUP" | "MAIL_FROM" => Some(String::new()),
            _ => Some(format!("{name}'s")),
        });
        let passed = passed.unwrap();
        assert_eq!(passed.len(), PASSED_ON.len() - 1);
        assert_eq!((&*passed["SITE_URL"], &*passed["MAIL_FROM"]), ("SITE_URL's", ""));
        for name in ["SIGNUP", "PUBLIC_KEYS", "SIGNING_KEY_ID", "TABLE_ACCOUNTS"] {
            assert!(!passed.contains_key(name), "{name}");
        }
    }

    #[test]
    fn issuers_may_stand_in_a_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("issuers.json");
        let read = || {
            let value = format!("@{}", path.display());
            settings(|name| (name == "TRUSTED_ISSUERS").then(|| value.clone()))
        };
        let complaint = read().unwrap_err().to_string();
        assert!(complaint.starts_with("TRUSTED_ISSUERS=@"), "{complaint}");
        assert_eq!(complaint.lines().count(), 1);
        fs::write(&path, "[]").unwrap();
        assert_eq!(read().unwrap()["TRUSTED_ISSUERS"], "[]");
    }
}
