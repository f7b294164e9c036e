//! One receiver of one signal, whatever it speaks.

use dosd_actors::port::SharedClock;
use dosd_network::{Secret, place};
use prost::bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::answer::Outcome;
use super::config::{OtlpProtocol, OtlpReceiver};
use super::environment::check_header;
use super::grpc::GrpcReceiver;
use super::http::HttpReceiver;
use super::signal::OtlpSignal;

/// Takes requests of one signal.
pub(super) struct Receiver {
    signal: OtlpSignal,
    /// Where it is, as it may be shown.
    place: String,
    wire: Wire,
}

enum Wire {
    Http(Box<HttpReceiver>),
    Grpc(Box<GrpcReceiver>),
}

impl Receiver {
    /// # Errors
    /// Why nothing can be sent there, in words.
    pub(super) fn new(
        signal: OtlpSignal,
        config: &OtlpReceiver,
        clock: SharedClock,
    ) -> Result<Self, String> {
        let headers = headers(&config.headers, config.protocol)?;
        let wire = match config.protocol {
            OtlpProtocol::HttpProtobuf => {
                Wire::Http(Box::new(HttpReceiver::new(config, headers, clock)?))
            }
            OtlpProtocol::Grpc => Wire::Grpc(Box::new(GrpcReceiver::new(config, headers)?)),
        };
        Ok(Self { signal, place: place(&config.endpoint), wire })
    }

    pub(super) async fn export(&mut self, message: &Bytes) -> Outcome {
        match &mut self.wire {
            Wire::Http(receiver) => receiver.export(self.signal, message).await,
            Wire::Grpc(receiver) => receiver.export(self.signal, message).await,
        }
    }

    /// Whether it can be reached; why not, with the place.
    pub(super) async fn check(&self) -> Result<(), String> {
        let checked = match &self.wire {
            Wire::Http(receiver) => receiver.check().await,
            Wire::Grpc(receiver) => receiver.check().await,
        };
        checked.map_err(|reason| format!("{} at {}: {reason}", self.signal, self.place))
    }
}

fn headers(pairs: &[(String, Secret)], protocol: OtlpProtocol) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (key, secret) in pairs {
        check_header(key, secret, protocol)?;
        let name = HeaderName::from_bytes(key.as_bytes());
        let value = HeaderValue::from_str(secret.expose());
        if let (Ok(name), Ok(mut value)) = (name, value) {
            value.set_sensitive(true);
            headers.append(name, value);
        }
    }
    Ok(headers)
}
