//! Which function takes which route.
//!
//! A WebSocket route is an exact key. An HTTP route is a method and a path whose segments may be
//! parameters; as in API Gateway's HTTP API, the route with more fixed segments wins ("Working with
//! routes for HTTP APIs").

use std::collections::BTreeMap;

use matchit::{InsertError, Router};
use percent_encoding::percent_decode_str;

/// Routes and their functions.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    /// Route key to function name.
    by_key: BTreeMap<String, String>,
    /// HTTP method to a router that gives the route key.
    http: BTreeMap<String, Router<String>>,
}

/// An HTTP route that takes a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct HttpRoute<'a> {
    /// The route key, with its parameters' names: `DELETE /v1/sessions/{id}`.
    pub(crate) key: &'a str,
    /// The function's name.
    pub(crate) function: &'a str,
    /// What stood in the parameters' places, decoded.
    pub(crate) parameters: BTreeMap<String, String>,
}

impl Routes {
    /// Adds a route.
    pub(crate) fn insert(&mut self, key: &str, function: &str) -> Result<(), InsertError> {
        if let Some((method, path)) = key.split_once(' ') {
            let router = self.http.entry(method.to_owned()).or_default();
            router.insert(path, key.to_owned())?;
        }
        self.by_key.insert(key.to_owned(), function.to_owned());
        Ok(())
    }

    /// The function of a route key.
    pub(crate) fn function(&self, key: &str) -> Option<&str> {
        self.by_key.get(key).map(String::as_str)
    }

    /// The route that takes an HTTP request of this method and path, which is still encoded.
    pub(crate) fn http(&self, method: &str, path: &str) -> Option<HttpRoute<'_>> {
        let found = self.http.get(method)?.at(path).ok()?;
        let decoded = |value| percent_decode_str(value).decode_utf8_lossy().into_owned();
        let parameters = found.params.iter();
        Some(HttpRoute {
            key: found.value,
            function: self.function(found.value)?,
            parameters: parameters.map(|(name, value)| (name.to_owned(), decoded(value))).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes() -> Routes {
        let mut routes = Routes::default();
        for key in [
            "$connect",
            "GET /v1/sessions",
            "DELETE /v1/sessions/current",
            "DELETE /v1/sessions/{id}",
            "POST /v1/sessions/refresh",
        ] {
            routes.insert(key, "accounts").unwrap();
        }
        routes
    }

    fn key<'a>(routes: &'a Routes, method: &str, path: &str) -> Option<&'a str> {
        routes.http(method, path).map(|route| route.key)
    }

    #[test]
    fn a_fixed_path_comes_before_a_parameter() {
        let routes = routes();
        let current = "DELETE /v1/sessions/current";
        assert_eq!(key(&routes, "DELETE", "/v1/sessions/current"), Some(current));
        let other = "DELETE /v1/sessions/{id}";
        assert_eq!(key(&routes, "DELETE", "/v1/sessions/currently"), Some(other));
        // A fixed path of another method takes nothing away.
        assert_eq!(key(&routes, "DELETE", "/v1/sessions/refresh"), Some(other));
    }

    #[test]
    fn a_parameter_is_one_segment_and_comes_decoded() {
        let routes = routes();
        let route = routes.http("DELETE", "/v1/sessions/s_%C3%A9%2F1").unwrap();
        assert_eq!(route.parameters, BTreeMap::from([("id".to_owned(), "s_é/1".to_owned())]));
        assert_eq!(route.function, "accounts");
        for path in ["/v1/sessions/", "/v1/sessions/a/b", "/v1/sessions/a/"] {
            assert_eq!(key(&routes, "DELETE", path), None, "{path}");
        }
    }

    #[test]
    fn a_method_and_a_path_belong_together() {
        let routes = routes();
        assert_eq!(key(&routes, "GET", "/v1/sessions"), Some("GET /v1/sessions"));
        assert_eq!(key(&routes, "POST", "/v1/sessions"), None);
        assert_eq!(key(&routes, "GET", "/v1/sessions/s_1"), None);
        assert_eq!(routes.function("$connect"), Some("accounts"));
        assert_eq!(routes.function("/v1/sessions"), None);
    }
}
