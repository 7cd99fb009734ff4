//! Names that the server makes: unguessable, and never made twice.

use aws_lc_rs::rand;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use crate::Error;

/// 128 random bits in base64url behind a prefix that says what it names, as in `m_...`.
///
/// # Errors
/// When the operating system gives no random numbers.
pub fn random(prefix: &str) -> Result<String, Error> {
    Ok(format!("{prefix}_{}", BASE64_URL_SAFE_NO_PAD.encode(bytes::<16>()?)))
}

/// A secret of 256 random bits in base64url behind a prefix.
///
/// # Errors
/// When the operating system gives no random numbers.
pub fn secret(prefix: &str) -> Result<String, Error> {
    Ok(format!("{prefix}_{}", BASE64_URL_SAFE_NO_PAD.encode(bytes::<32>()?)))
}

pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| Error::Fault("no random numbers"))?;
    Ok(bytes)
}
