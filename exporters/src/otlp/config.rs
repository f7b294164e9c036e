//! What the sink `otlp` is told, once everything is decided. Values only.

use std::fmt;
use std::time::Duration;

use dosd_network::{Secret, place};
use url::Url;

use super::resource::OtlpResource;
use super::signal::OtlpSignal;

/// How long a receiver may take to answer, when nobody says.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// Where a receiver over HTTP is, when nobody says.
pub const HTTP_ENDPOINT: &str = "http://localhost:4318";

/// Where a receiver over gRPC is, when nobody says.
pub const GRPC_ENDPOINT: &str = "http://localhost:4317";

/// Where what goes. A signal without a receiver is not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtlpConfig {
    /// Who takes the log records.
    pub logs: Option<OtlpReceiver>,
    /// Who takes the spans.
    pub traces: Option<OtlpReceiver>,
    /// Who they are from.
    pub resource: OtlpResource,
}

impl OtlpConfig {
    /// Who takes a signal.
    #[must_use]
    pub fn receiver(&self, signal: OtlpSignal) -> Option<&OtlpReceiver> {
        match signal {
            OtlpSignal::Logs => self.logs.as_ref(),
            OtlpSignal::Traces => self.traces.as_ref(),
        }
    }
}

/// Who takes one signal, and how it is sent there.
#[derive(Clone, PartialEq, Eq)]
pub struct OtlpReceiver {
    /// How requests look.
    pub protocol: OtlpProtocol,
    /// The whole URL to post to; over gRPC, scheme, host and port only.
    pub endpoint: Url,
    /// Whether requests are made smaller.
    pub compression: OtlpCompression,
    /// What goes along with each request; over gRPC, as metadata.
    pub headers: Vec<(String, Secret)>,
    /// How long one request may take.
    pub timeout: Duration,
    /// Certificates (PEM) to trust beside the machine's authorities.
    pub certificate: Option<Vec<u8>>,
}

impl OtlpReceiver {
    /// A receiver with the defaults of the protocol.
    #[must_use]
    pub fn at(protocol: OtlpProtocol, endpoint: Url) -> Self {
        Self {
            protocol,
            endpoint,
            compression: OtlpCompression::default(),
            headers: Vec::new(),
            timeout: DEFAULT_TIMEOUT,
            certificate: None,
        }
    }
}

impl fmt::Debug for OtlpReceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OtlpReceiver")
            .field("protocol", &self.protocol)
            .field("endpoint", &place(&self.endpoint))
            .field("compression", &self.compression)
            .field("headers", &self.headers)
            .field("timeout", &self.timeout)
            .field("certificate", &self.certificate.as_ref().map(Vec::len))
            .finish()
    }
}

/// How requests look on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OtlpProtocol {
    /// `http/protobuf`.
    #[default]
    HttpProtobuf,
    /// `grpc`.
    Grpc,
}

impl OtlpProtocol {
    /// Its name in the configuration and in the environment.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HttpProtobuf => "http/protobuf",
            Self::Grpc => "grpc",
        }
    }

    /// The one with this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::HttpProtobuf, Self::Grpc].into_iter().find(|known| known.as_str() == name)
    }
}

/// Whether requests are made smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OtlpCompression {
    /// They are sent as they are.
    #[default]
    None,
    /// With gzip.
    Gzip,
}

impl OtlpCompression {
    /// Its name in the configuration and in the environment.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
        }
    }

    /// The one with this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::None, Self::Gzip].into_iter().find(|known| known.as_str() == name)
    }
}
