//! Requests over gRPC. Messages are encoded already, so there is no generated client: the
//! bytes go out as they are.

use std::error::Error as _;
use std::time::Duration;

use dosd_network::{Names, Trust, chain, tls_config};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use prost::bytes::{Buf as _, BufMut as _, Bytes};
use reqwest::header::HeaderMap;
use tokio::time::timeout;
use tonic::client::Grpc;
use tonic::codec::{Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::metadata::MetadataMap;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Response, Status};

use super::answer::{Outcome, of_grpc, taken};
use super::config::{OtlpCompression, OtlpReceiver};
use super::signal::OtlpSignal;

/// A receiver over gRPC.
pub(super) struct GrpcReceiver {
    endpoint: Endpoint,
    connector: HttpsConnector<HttpConnector<Names>>,
    /// The connection; it makes itself anew where a server ended it in peace.
    channel: Option<Channel>,
    metadata: MetadataMap,
    compression: OtlpCompression,
    timeout: Duration,
}

impl GrpcReceiver {
    /// # Errors
    /// Why there is no client, in words.
    pub(super) fn new(receiver: &OtlpReceiver, headers: HeaderMap) -> Result<Self, String> {
        let trust = match (receiver.endpoint.scheme(), &receiver.certificate) {
            ("https", Some(pem)) => Trust::AuthoritiesAnd(pem),
            ("https", None) => Trust::Authorities,
            _ => Trust::Nobody,
        };
        let tls = tls_config(trust).map_err(|error| error.to_string())?;
        let endpoint = Endpoint::from_shared(receiver.endpoint.origin().ascii_serialization())
            .and_then(|endpoint| endpoint.user_agent(concat!("dosd/", env!("CARGO_PKG_VERSION"))))
            .map_err(|error| chain(&error))?;
        let mut tcp = HttpConnector::new_with_resolver(Names::default());
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(receiver.timeout));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http2()
            .wrap_connector(tcp);
        Ok(Self {
            endpoint,
            connector,
            channel: None,
            metadata: MetadataMap::from_headers(headers),
            compression: receiver.compression,
            timeout: receiver.timeout,
        })
    }

    pub(super) async fn export(&mut self, signal: OtlpSignal, message: &Bytes) -> Outcome {
        let Ok(called) = timeout(self.timeout, self.call(signal, message.clone())).await else {
            // Nothing comes back any more, perhaps ever, on this connection.
            self.channel = None;
            return Outcome::Retry { reason: self.too_late() };
        };
        match called {
            Ok(answer) => taken(signal, &answer),
            Err(Failed::Broken(reason)) => {
                self.channel = None;
                Outcome::Retry { reason }
            }
            Err(Failed::Answered(status)) => {
                // It may also mean that a connection could not be made anew, with few words.
                if status.code() == Code::Unavailable {
                    self.channel = None;
                }
                of_grpc(signal, status.code(), status.message(), status.details())
            }
        }
    }

    async fn call(&mut self, signal: OtlpSignal, message: Bytes) -> Result<Bytes, Failed> {
        let channel = if let Some(channel) = &self.channel {
            channel.clone()
        } else {
            let channel = self.endpoint.connect_with_connector(self.connector.clone()).await;
            let channel = channel.map_err(|error| Failed::Broken(chain(&error)))?;
            self.channel.insert(channel).clone()
        };
        let mut grpc = Grpc::new(channel);
        if self.compression == OtlpCompression::Gzip {
            let gzip = CompressionEncoding::Gzip;
            grpc = grpc.send_compressed(gzip).accept_compressed(gzip);
        }
        let mut request = Request::new(message);
        *request.metadata_mut() = self.metadata.clone();
        grpc.ready().await.map_err(|error| Failed::Broken(chain(&error)))?;
        let path = PathAndQuery::from_static(signal.method());
        grpc.unary(request, path, AsItIs).await.map(Response::into_inner).map_err(Failed::of)
    }

    /// Whether a connection can be made.
    pub(super) async fn check(&self) -> Result<(), String> {
        let connected = self.endpoint.connect_with_connector(self.connector.clone());
        match timeout(self.timeout, connected).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(chain(&error)),
            Err(_) => Err(self.too_late()),
        }
    }

    fn too_late(&self) -> String {
        format!("no answer within {:?}", self.timeout)
    }
}

/// Why a call has no message as its answer.
enum Failed {
    /// Nobody answered: what became of the connection.
    Broken(String),
    /// A status.
    Answered(Box<Status>),
}

impl Failed {
    fn of(status: Status) -> Self {
        // A status that was sent has no cause, one that stands for a broken connection has.
        match status.source() {
            Some(cause) => Self::Broken(chain(cause)),
            None => Self::Answered(Box::new(status)),
        }
    }
}

/// Messages that are encoded already, in both directions.
struct AsItIs;

impl Codec for AsItIs {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for AsItIs {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, target: &mut EncodeBuf<'_>) -> Result<(), Status> {
        target.put(item);
        Ok(())
    }
}

impl Decoder for AsItIs {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, source: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(source.copy_to_bytes(source.remaining())))
    }
}
