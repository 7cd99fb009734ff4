//! The SDK's HTTP over a laptop's Unix socket.

use std::io;
use std::path::{Path, PathBuf};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;

/// A client of one socket: each call opens it anew.
#[derive(Debug, Clone)]
pub(crate) struct UnixSocket(PathBuf);

impl UnixSocket {
    /// The administrators' socket of a data directory.
    pub(crate) fn of(data: &Path) -> Self {
        Self(data.join("admin.sock"))
    }

    /// Whether somebody answers.
    pub(crate) async fn probe(&self) -> io::Result<()> {
        UnixStream::connect(&self.0).await.map(drop)
    }

    async fn answer(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let request =
            request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
        let (mut parts, body) = request.into_parts();
        // On a connection of its own a request names its path alone.
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        parts.uri = path.parse().map_err(user)?;
        let body = Full::new(Bytes::copy_from_slice(body.bytes().unwrap_or_default()));

        let stream = UnixStream::connect(&self.0).await.map_err(io)?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(io)?;
        // It ends with its request, and what fails on it fails there too.
        tokio::spawn(connection);
        let answer = sender.send_request(hyper::Request::from_parts(parts, body));
        let (parts, body) = answer.await.map_err(io)?.into_parts();
        let body = body.collect().await.map_err(io)?.to_bytes();
        let answer = hyper::Response::from_parts(parts, SdkBody::from(body));
        answer.try_into().map_err(user)
    }
}

fn io(error: impl std::error::Error + Send + Sync + 'static) -> ConnectorError {
    ConnectorError::io(error.into())
}

fn user(error: impl std::error::Error + Send + Sync + 'static) -> ConnectorError {
    ConnectorError::user(error.into())
}

impl HttpConnector for UnixSocket {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().answer(request))
    }
}

impl HttpClient for UnixSocket {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
