//! The built web client, as CloudFront would serve it.

use std::path::Path;

use axum::body::Body;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, Method, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use tower_http::services::{ServeDir, ServeFile};

use crate::StartError;

/// No inline script or style, nothing from elsewhere; `'self'` covers the socket too (CSP level 3,
/// "connect-src").
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; \
    base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const SECURITY_HEADERS: [(HeaderName, HeaderValue); 3] = [
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
];

/// File names under these carry a hash of their content.
const HASHED: [&str; 2] = ["/assets/", "/_app/immutable/"];

/// Serves one directory.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    files: ServeDir,
    index: ServeFile,
}

impl Site {
    pub(crate) fn open(directory: &Path) -> Result<Self, StartError> {
        let index = directory.join("index.html");
        if !index.is_file() {
            return Err(StartError::Site(directory.to_owned()));
        }
        Ok(Self { files: ServeDir::new(directory), index: ServeFile::new(index) })
    }

    /// The file of the path; `index.html` where the path names none, since the client routes by
    /// itself. A missing file with an extension stays missing: an old chunk must not become HTML.
    pub(crate) async fn serve(&self, request: Request<Body>) -> Response {
        let method = request.method();
        if method != Method::GET && method != Method::HEAD {
            return StatusCode::METHOD_NOT_ALLOWED.into_response();
        }
        let path = request.uri().path().to_owned();
        let retry = request_like(&request);
        let file = self.files.clone().try_call(request).await;
        let mut response = match file {
            Ok(file) if file.status() == StatusCode::NOT_FOUND && !names_a_file(&path) => {
                match self.index.clone().try_call(retry).await {
                    Ok(index) => index.into_response(),
                    Err(error) => unreadable(&error),
                }
            }
            Ok(file) => file.into_response(),
            Err(error) => unreadable(&error),
        };
        let hashed = HASHED.iter().any(|folder| path.starts_with(folder));
        let cache = if hashed && response.status().is_success() {
            "public, max-age=31536000, immutable"
        } else {
            "no-cache"
        };
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(cache));
        secure(&mut response);
        response
    }
}

/// Adds the headers that every answer carries.
pub(crate) fn secure(response: &mut Response) {
    for (name, value) in SECURITY_HEADERS {
        response.headers_mut().insert(name, value);
    }
}

fn request_like(request: &Request<Body>) -> Request<Body> {
    let mut like = Request::new(Body::empty());
    like.method_mut().clone_from(request.method());
    like.headers_mut().clone_from(request.headers());
    like
}

fn names_a_file(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|last| last.contains('.'))
}

fn unreadable(error: &std::io::Error) -> Response {
    tracing::warn!(%error, "the site cannot be read");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}
