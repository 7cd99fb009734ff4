use std::borrow::Cow;
use std::fmt;

use protocol::{ErrorCode, Problem};
use reqwest::Method;
use reqwest::header::{
    AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderMap, HeaderName, RETRY_AFTER, SET_COOKIE,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Body, Failure, ensure_eq, within};

/// A call of the HTTP API, sent by hand: nothing is remembered from one call to the next.
pub struct Call {
    method: Method,
    path: Cow<'static, str>,
    headers: HeaderMap,
    body: Option<String>,
}

/// What a call was answered with.
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub text: String,
}

// By hand: headers and bodies carry tokens.
impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("status", &self.status).finish_non_exhaustive()
    }
}

impl Call {
    fn new(method: Method, path: impl Into<Cow<'static, str>>) -> Self {
        Self { method, path: path.into(), headers: HeaderMap::new(), body: None }
    }

    /// A `GET`.
    #[must_use]
    pub fn get(path: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Method::GET, path)
    }

    /// A `GET` of an address that is not one of the body's.
    #[must_use]
    pub(crate) fn elsewhere(url: &str) -> Self {
        Self::get(url.to_owned())
    }

    /// A `POST`.
    #[must_use]
    pub fn post(path: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Method::POST, path)
    }

    /// A `DELETE`.
    #[must_use]
    pub fn delete(path: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Method::DELETE, path)
    }

    /// With a JSON body.
    ///
    /// # Errors
    /// When the value has no JSON form.
    pub fn json(self, body: &impl Serialize) -> Result<Self, Failure> {
        let body = serde_json::to_string(body)?;
        self.text(body)
    }

    /// With a body that calls itself JSON, whatever it is.
    ///
    /// # Errors
    /// Never in practice.
    pub fn text(mut self, body: impl Into<String>) -> Result<Self, Failure> {
        self.headers.insert(CONTENT_TYPE, "application/json".parse()?);
        self.body = Some(body.into());
        Ok(self)
    }

    /// With an access token.
    ///
    /// # Errors
    /// When the token cannot stand in a header.
    pub fn bearer(mut self, token: &str) -> Result<Self, Failure> {
        self.headers.insert(AUTHORIZATION, format!("Bearer {token}").parse()?);
        Ok(self)
    }

    /// With one header more.
    ///
    /// # Errors
    /// When name or value cannot stand in a header.
    pub fn header(mut self, name: &'static str, value: &str) -> Result<Self, Failure> {
        self.headers.insert(HeaderName::from_static(name), value.parse()?);
        Ok(self)
    }

    /// With cookies, as `name=value`.
    ///
    /// # Errors
    /// When they cannot stand in a header.
    pub fn cookie(mut self, cookie: &str) -> Result<Self, Failure> {
        self.headers.insert(COOKIE, cookie.parse()?);
        Ok(self)
    }
}

impl Body {
    /// Makes a call.
    ///
    /// # Errors
    /// When no answer comes. A refusal is an answer.
    pub async fn call(&self, call: Call) -> Result<Answer, Failure> {
        let what = format!("answer to {call:?}");
        let url = match &*call.path {
            path if path.starts_with('/') => format!("{}{path}", self.http_url),
            url => url.to_owned(),
        };
        let mut request = self.http.request(call.method, url).headers(call.headers);
        if let Some(body) = call.body {
            request = request.body(body);
        }
        let answer = async {
            let response = request.send().await?;
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            Ok(Answer { status, headers, text: response.text().await? })
        };
        within(&what, answer).await?.map_err(|failure: Failure| failure.during(what))
    }
}

impl Answer {
    /// The body of a success with exactly this status.
    ///
    /// # Errors
    /// When the status is another, or the body is not of this type.
    pub fn expect<T: DeserializeOwned>(&self, status: u16) -> Result<T, Failure> {
        ensure_eq!(self.status, status, "status, of {}", self.telling());
        Ok(serde_json::from_str(&self.text)?)
    }

    /// The problem document of a refusal with exactly this code, in the form that all of them have.
    ///
    /// # Errors
    /// When the answer is anything else.
    pub fn problem(&self, code: ErrorCode) -> Result<Problem, Failure> {
        ensure_eq!(self.status, code.http_status(), "status, of {}", self.telling());
        let kind = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        ensure_eq!(kind, Some("application/problem+json"), "content type, of {}", self.telling());
        let problem: Problem = serde_json::from_str(&self.text)?;
        ensure_eq!(problem.code, code, "code, of {}", self.telling());
        ensure_eq!(problem.status, self.status, "the document's status, of {}", self.telling());
        ensure_eq!(problem.kind, "about:blank", "the document's type");
        Ok(problem)
    }

    /// As much of the body as a report may show: that of a success holds a secret, often.
    fn telling(&self) -> &str {
        if self.status < 400 { "a success" } else { &self.text }
    }

    /// How long to wait before the same call may succeed, in seconds: a refusal with
    /// [`ErrorCode::RateLimited`] says so twice.
    ///
    /// # Errors
    /// When it is another answer, or the two are not the same.
    pub fn retry_after(&self) -> Result<u64, Failure> {
        let problem = self.problem(ErrorCode::RateLimited)?;
        let header = self.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let seconds = header.ok_or_else(|| Failure::new("no Retry-After"))?.parse()?;
        ensure_eq!(problem.retry_after, Some(seconds), "retryAfter, beside Retry-After");
        Ok(seconds)
    }

    /// The cookie of this name that the answer sets: `name=value`, and its attributes in lower case.
    ///
    /// # Errors
    /// When it sets none.
    pub fn set_cookie(&self, name: &str) -> Result<(String, Vec<String>), Failure> {
        for header in self.headers.get_all(SET_COOKIE) {
            let mut parts = header.to_str()?.split(';').map(str::trim);
            let pair = parts.next().unwrap_or_default();
            if pair.split('=').next() == Some(name) {
                return Ok((pair.to_owned(), parts.map(str::to_ascii_lowercase).collect()));
            }
        }
        Err(Failure::new(format!("the answer sets no cookie {name}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_shows_no_body_but_that_of_a_refusal() {
        let answer = |status| Answer {
            status,
            headers: HeaderMap::new(),
            text: r#"{"accessToken":"a secret"}"#.to_owned(),
        };
        let failure = |status| answer(status).expect::<serde_json::Value>(204).unwrap_err();
        assert!(!failure(200).to_string().contains("secret"), "{}", failure(200));
        assert!(failure(400).to_string().contains("secret"), "{}", failure(400));
    }
}
