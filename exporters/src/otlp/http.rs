//! Requests over HTTP.

use std::io::Write as _;

use dosd_actors::port::SharedClock;
use dosd_network::Trust;
use flate2::Compression;
use flate2::write::GzEncoder;
use prost::bytes::Bytes;
use reqwest::StatusCode;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue};
use url::Url;

use super::answer::{Outcome, http_reason, of_http};
use super::config::{OtlpCompression, OtlpReceiver};
use super::signal::OtlpSignal;
use crate::http::HttpClient;

/// A receiver over HTTP.
pub(super) struct HttpReceiver {
    client: HttpClient,
    url: Url,
    headers: HeaderMap,
    compression: OtlpCompression,
}

impl HttpReceiver {
    /// # Errors
    /// Why there is no client, in words.
    pub(super) fn new(
        receiver: &OtlpReceiver,
        headers: HeaderMap,
        clock: SharedClock,
    ) -> Result<Self, String> {
        let OtlpReceiver { endpoint, timeout, certificate, compression, .. } = receiver;
        let client = match certificate {
            None => HttpClient::new(endpoint, *timeout, clock)?,
            Some(pem) => {
                HttpClient::with_trust(endpoint, *timeout, clock, Trust::AuthoritiesAnd(pem))?
            }
        };
        Ok(Self { client, url: endpoint.clone(), headers, compression: *compression })
    }

    pub(super) async fn export(&self, signal: OtlpSignal, message: &Bytes) -> Outcome {
        let mut headers = self.headers.clone();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
        let body = match self.compression {
            OtlpCompression::None => message.to_vec(),
            OtlpCompression::Gzip => {
                headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                gzip(message)
            }
        };
        match self.client.post(&self.url, headers, body).await {
            Ok(answer) => of_http(signal, &answer),
            Err(reason) => Outcome::Retry { reason },
        }
    }

    /// Whether somebody is there and lets us in. What a receiver answers to a question that
    /// the protocol does not have says nothing else.
    pub(super) async fn check(&self) -> Result<(), String> {
        let answer = self.client.get(&self.url, self.headers.clone()).await?;
        match answer.status {
            StatusCode::UNAUTHORIZED
            | StatusCode::FORBIDDEN
            | StatusCode::PROXY_AUTHENTICATION_REQUIRED => Err(http_reason(&answer)),
            _ => Ok(()),
        }
    }
}

fn gzip(message: &[u8]) -> Vec<u8> {
    // Records repeat their keys, so even the fastest level takes most of it away.
    let mut encoder = GzEncoder::new(Vec::with_capacity(message.len() / 4), Compression::fast());
    let written = encoder.write_all(message).and_then(|()| encoder.finish());
    written.expect("a vector takes everything")
}
