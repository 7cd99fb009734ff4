//! What an outside token has to be (RFC 7519, RFC 8725).

use chat::identity::{LEEWAY, MAX_LIFE};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Header, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{KeySet, Trusted};

/// The longest token, in bytes. API Gateway takes a little more with all of a request's headers.
pub(super) const BYTES_MAX: usize = 8 * 1_024;
/// The longest subject, in bytes (OpenID Connect Core, section 2).
const SUBJECT_MAX: usize = 255;
/// `typ` of tokens that say who somebody is. Others, such as a logout token, are for something else.
const TYPES: [&str; 3] = ["jwt", "at+jwt", "application/at+jwt"];

/// Why an outside token proves nothing. It is for the log, and repeats nothing of the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub(super) &'static str);

/// What is taken from a token.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    iss: String,
    aud: Audience,
    pub(super) sub: String,
    iat: i64,
    pub(super) exp: i64,
    nbf: Option<i64>,
    #[serde(flatten)]
    pub(super) others: Map<String, Value>,
}

/// For whom a token is: in both spellings, for this chat alone.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    List([String; 1]),
}

impl Audience {
    fn is(&self, audience: &str) -> bool {
        let (Self::One(only) | Self::List([only])) = self;
        only == audience
    }
}

/// Reads the header, of which only `alg` and `kid` are used, and those only to select.
pub(super) fn header(token: &str) -> Result<Header, Refused> {
    if token.len() > BYTES_MAX {
        return Err(Refused("the token is too long"));
    }
    let header = decode_header(token).map_err(|_| Refused("the header cannot be read"))?;
    if header.crit.is_some() {
        return Err(Refused("the header has crit"));
    }
    let kind = header.typ.as_deref().map(str::to_ascii_lowercase);
    if kind.is_some_and(|kind| !TYPES.contains(&kind.as_str())) {
        return Err(Refused("it is another type of token"));
    }
    Ok(header)
}

/// Verifies a token at a time in seconds since 1970.
pub(super) fn verify(
    token: &str,
    keys: &KeySet,
    trusted: &Trusted,
    now: i64,
) -> Result<Claims, Refused> {
    let header = header(token)?;
    let key = keys.select(header.kid.as_deref(), header.alg);
    let key = key.ok_or(Refused("no key of the issuer fits its alg and kid"))?;

    let mut rules = Validation::new(header.alg);
    // All times are judged by one clock, below.
    rules.validate_exp = false;
    rules.set_audience(&[&trusted.audience]);
    rules.set_issuer(&[&trusted.issuer]);
    rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    let claims = decode::<Claims>(token, key, &rules).map_err(|error| reason(error.kind()))?.claims;

    if claims.iss != trusted.issuer || !claims.aud.is(&trusted.audience) {
        return Err(Refused("iss or aud is another"));
    }
    if !(1..=SUBJECT_MAX).contains(&claims.sub.len()) {
        return Err(Refused("sub has 1 to 255 bytes"));
    }
    let leeway = i64::try_from(LEEWAY).unwrap_or_default();
    let latest = now.saturating_add(leeway);
    if claims.exp.saturating_add(leeway) < now {
        return Err(Refused("it has expired"));
    }
    if claims.iat > latest || claims.nbf.is_some_and(|start| start > latest) {
        return Err(Refused("it is from the future"));
    }
    if claims.exp.saturating_sub(claims.iat) > MAX_LIFE {
        return Err(Refused("iat and exp are more than 15 minutes apart"));
    }
    Ok(claims)
}

/// What was wrong, without what the parser quotes of the token.
fn reason(kind: &ErrorKind) -> Refused {
    Refused(match kind {
        ErrorKind::InvalidSignature => "the signature is wrong",
        ErrorKind::InvalidIssuer => "iss is another",
        ErrorKind::InvalidAudience => "aud is another",
        ErrorKind::MissingRequiredClaim(_) => "exp, iss, aud or sub is missing",
        ErrorKind::Json(_) => "the claims cannot be read: are iat and exp whole numbers?",
        _ => "the token cannot be read",
    })
}
