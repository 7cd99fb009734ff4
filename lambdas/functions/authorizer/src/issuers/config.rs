//! The setting `TRUSTED_ISSUERS`: a JSON list of outside issuers, each with one source of keys.

use std::collections::HashSet;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use chat::identity::ISSUER;
use reqwest::Url;
use serde::Deserialize;
use serde_json::Value;

use super::KeySet;

/// What a name or an address in the setting may have at the most, in bytes.
const TEXT_MAX: usize = 255;
/// The longest namespace, in bytes: it stands before each name.
const NAMESPACE_MAX: usize = 32;
/// Where the name stands in a token when the setting does not say.
const NAME_CLAIM: &str = "username";

/// An issuer that the operator trusts.
#[derive(Debug, Clone)]
pub struct Trusted {
    /// What stands before the names of its people, with a slash.
    pub namespace: String,
    /// `iss` of its tokens.
    pub issuer: String,
    /// `aud` of its tokens for this chat.
    pub audience: String,
    /// The claim that holds a person's name.
    pub name_claim: String,
    /// Where its keys come from.
    pub source: Source,
}

/// Where an issuer's keys come from.
#[derive(Debug, Clone)]
pub enum Source {
    /// From the issuer, as a JSON Web Key Set.
    Jwks(Url),
    /// From the setting itself.
    Pinned(Arc<KeySet>),
    /// A shared secret in SSM: the name of a `SecureString`.
    Parameter(String),
    /// A shared secret in a file.
    File(PathBuf),
}

/// Why `TRUSTED_ISSUERS` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Not the JSON that is expected.
    #[error("not a JSON list of issuers: {0}")]
    Json(#[from] serde_json::Error),
    /// An entry that is wrong.
    #[error("entry {number} ({namespace:?}): {problem}")]
    Entry {
        /// Which one, from 1.
        number: usize,
        /// Its namespace, if it has one.
        namespace: String,
        /// What is wrong.
        problem: String,
    },
}

/// An entry as it is written.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Entry {
    namespace: String,
    issuer: String,
    audience: String,
    name_claim: Option<String>,
    jwks_url: Option<String>,
    public_key_pem: Option<String>,
    secret_parameter: Option<String>,
    secret_file: Option<String>,
}

/// Reads the setting.
///
/// # Errors
/// By the first entry that is wrong.
pub fn parse(setting: &str) -> Result<Vec<Trusted>, ConfigError> {
    let listed: Vec<Value> = serde_json::from_str(setting)?;
    let mut seen = HashSet::new();
    let entries = listed.into_iter().zip(1..).map(|(value, number)| {
        let namespace = value.get("namespace").and_then(Value::as_str).unwrap_or_default();
        let namespace = namespace.chars().take(NAMESPACE_MAX).collect();
        let trusted = read(value).and_then(|trusted| once(trusted, &mut seen));
        trusted.map_err(|problem| ConfigError::Entry { number, namespace, problem })
    });
    entries.collect()
}

fn read(value: Value) -> Result<Trusted, String> {
    let entry: Entry = serde_json::from_value(value).map_err(|error| error.to_string())?;
    let (namespace, issuer) = (entry.namespace, entry.issuer);
    let in_namespace = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    if !(1..=NAMESPACE_MAX).contains(&namespace.len()) || !namespace.bytes().all(in_namespace) {
        return Err("namespace has 1 to 32 of a-z, 0-9 and -".to_owned());
    }
    let name_claim = entry.name_claim.unwrap_or_else(|| NAME_CLAIM.to_owned());
    for (field, text) in
        [("issuer", &issuer), ("audience", &entry.audience), ("nameClaim", &name_claim)]
    {
        if !(1..=TEXT_MAX).contains(&text.len()) {
            return Err(format!("{field} has 1 to {TEXT_MAX} bytes"));
        }
    }
    if issuer == ISSUER || namespace == ISSUER {
        return Err(format!("{ISSUER} is this chat itself"));
    }
    let mut sources = Vec::new();
    if let Some(text) = entry.jwks_url {
        sources.push(Source::Jwks(jwks_url(&text)?));
    }
    if let Some(pem) = entry.public_key_pem {
        sources.push(Source::Pinned(Arc::new(KeySet::from_pem(&pem).map_err(str::to_owned)?)));
    }
    if let Some(name) = entry.secret_parameter {
        sources.push(Source::Parameter(parameter(name)?));
    }
    if let Some(path) = entry.secret_file {
        if path.is_empty() {
            return Err("secretFile is empty".to_owned());
        }
        sources.push(Source::File(path.into()));
    }
    match <[Source; 1]>::try_from(sources) {
        Ok([source]) => {
            Ok(Trusted { namespace, issuer, audience: entry.audience, name_claim, source })
        }
        Err(_) => Err("it has one of jwksUrl, publicKeyPem, secretParameter and secretFile".into()),
    }
}

fn once(trusted: Trusted, seen: &mut HashSet<(&'static str, String)>) -> Result<Trusted, String> {
    for (field, text) in [("namespace", &trusted.namespace), ("issuer", &trusted.issuer)] {
        if !seen.insert((field, text.clone())) {
            return Err(format!("another entry has this {field}"));
        }
    }
    Ok(trusted)
}

fn jwks_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("jwksUrl: {error}"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("jwksUrl has a user or a password".to_owned());
    }
    match url.scheme() {
        "https" => Ok(url),
        // For trying it out: what does not leave the machine.
        "http" if is_loopback(&url) => Ok(url),
        _ => Err("jwksUrl is not https".to_owned()),
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

fn parameter(name: String) -> Result<String, String> {
    let in_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-/".contains(&byte);
    if name.is_empty() || !name.bytes().all(in_name) {
        return Err("secretParameter is not the name of a parameter".to_owned());
    }
    if !cfg!(feature = "lambda") {
        return Err("secretParameter needs a build with SSM: use secretFile".to_owned());
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn entry() -> Value {
        json!({
            "namespace": "intranet", "issuer": "https://intranet.example", "audience": "parley",
            "nameClaim": "login", "secretFile": "/run/secrets/intranet",
        })
    }

    fn with(field: &str, value: Value) -> Value {
        let mut entry = entry();
        entry[field] = value;
        entry
    }

    fn problem(entries: &Value) -> String {
        parse(&entries.to_string()).unwrap_err().to_string()
    }

    #[test]
    fn an_entry_says_what_is_trusted() {
        assert_eq!(parse("[]").unwrap().len(), 0);
        let trusted = parse(&json!([entry()]).to_string()).unwrap().remove(0);
        assert_eq!(trusted.issuer, "https://intranet.example");
        assert_eq!(trusted.name_claim, "login");
        assert!(matches!(trusted.source, Source::File(_)));
        let mut nameless = entry();
        nameless.as_object_mut().unwrap().remove("nameClaim");
        assert_eq!(parse(&json!([nameless]).to_string()).unwrap()[0].name_claim, "username");
    }

    #[test]
    fn addresses_of_keys_are_private_or_local() {
        let url = |url: &str| {
            let mut entry = with("jwksUrl", json!(url));
            entry.as_object_mut().unwrap().remove("secretFile");
            parse(&json!([entry]).to_string()).map(drop).map_err(|error| error.to_string())
        };
        for good in [
            "https://intranet.example/keys",
            "http://localhost:8000/keys",
            "http://127.0.0.1/keys",
            "http://[::1]:1/keys",
        ] {
            assert_eq!(url(good), Ok(()), "{good}");
        }
        for bad in [
            "http://intranet.example/keys",
            "http://localhost.evil.example/keys",
            "http://127.0.0.1.evil.example/",
            "http://169.254.169.254/",
            "file:///etc/passwd",
            "https://ada:secret@intranet.example/",
            "/keys",
            "",
        ] {
            let problem = url(bad).unwrap_err();
            assert!(problem.contains("entry 1 (\"intranet\"): jwksUrl"), "{bad}: {problem}");
        }
    }

    #[test]
    fn a_wrong_entry_is_told_with_its_reason() {
        for (why, bad) in [
            ("namespace has", with("namespace", json!("Intranet"))),
            ("namespace has", with("namespace", json!("a/b"))),
            ("namespace has", with("namespace", json!(""))),
            ("namespace has", with("namespace", json!("a".repeat(33)))),
            ("this chat itself", with("namespace", json!("parley"))),
            ("this chat itself", with("issuer", json!("parley"))),
            ("issuer has", with("issuer", json!(""))),
            ("audience has", with("audience", json!("a".repeat(256)))),
            ("invalid type", with("audience", Value::Null)),
            ("nameClaim has", with("nameClaim", json!(""))),
            ("unknown field `secret`", with("secret", json!("0123456789"))),
            ("it has one of", with("secretFile", Value::Null)),
            ("it has one of", with("jwksUrl", json!("https://intranet.example/keys"))),
            ("secretFile is empty", with("secretFile", json!(""))),
            ("public key", with("publicKeyPem", json!("-----BEGIN PUBLIC KEY-----"))),
            ("secretParameter is not", with("secretParameter", json!("arn:aws:ssm"))),
        ] {
            let problem = problem(&json!([entry_of("other"), bad]));
            assert!(problem.starts_with("entry 2 ("), "{problem}");
            assert!(problem.contains(why), "{why}: {problem}");
        }
        assert!(parse("{}").is_err() && parse("[1]").is_err() && parse("").is_err());
    }

    fn entry_of(namespace: &str) -> Value {
        let mut entry = with("namespace", json!(namespace));
        entry["issuer"] = json!(format!("https://{namespace}.example"));
        entry
    }

    #[test]
    fn nothing_is_listed_twice() {
        let mut same = entry_of("other");
        same["issuer"] = entry()["issuer"].clone();
        assert!(problem(&json!([entry(), same])).contains("another entry has this issuer"));
        let mut same = entry_of("other");
        same["namespace"] = json!("intranet");
        assert!(problem(&json!([entry(), same])).contains("another entry has this namespace"));
    }

    #[cfg(not(feature = "lambda"))]
    #[test]
    fn without_ssm_the_way_out_is_named() {
        let problem = problem(&json!([with("secretParameter", json!("/parley/intranet"))]));
        assert!(problem.contains("use secretFile"), "{problem}");
    }
}
