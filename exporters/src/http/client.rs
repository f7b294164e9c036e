//! The client: connections that are kept, certificates that are checked, redirects that
//! are not followed, and no help that was not asked for.

use std::time::Duration;

use dosd_actors::port::SharedClock;
use dosd_network::{Names, Trust, chain, tls_config};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, Url};

use super::answer::Answer;
use super::retry_after;

/// As much of an answer is read: more than any sink looks at.
const READ_BYTES: usize = 256 * 1024;

/// Sends requests to one server.
pub(crate) struct HttpClient {
    client: Client,
    clock: SharedClock,
}

impl HttpClient {
    /// A client for the server behind `url`, whose requests may take so long each.
    ///
    /// # Errors
    /// Why there is none, in words.
    pub(crate) fn new(url: &Url, timeout: Duration, clock: SharedClock) -> Result<Self, String> {
        Self::with_trust(url, timeout, clock, Trust::Authorities)
    }

    /// One that also trusts others than the authorities of this machine.
    ///
    /// # Errors
    /// Why there is none, in words.
    pub(crate) fn with_trust(
        url: &Url,
        timeout: Duration,
        clock: SharedClock,
        trust: Trust<'_>,
    ) -> Result<Self, String> {
        let trust = if url.scheme() == "https" { trust } else { Trust::Nobody };
        let mut tls = tls_config(trust).map_err(|error| error.to_string())?;
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let client = Client::builder()
            .dns_resolver(Names::default())
            .tls_backend_preconfigured(tls)
            .user_agent(concat!("dosd/", env!("CARGO_PKG_VERSION")))
            .timeout(timeout)
            .referer(false)
            .retry(reqwest::retry::never())
            .redirect(Policy::none())
            .build()
            .map_err(|error| chain(&error))?;
        Ok(Self { client, clock })
    }

    /// Posts a body.
    ///
    /// # Errors
    /// Why there is no whole answer, in words without the URL. The server may have got it.
    pub(crate) async fn post(
        &self,
        url: &Url,
        headers: HeaderMap,
        body: Vec<u8>,
    ) -> Result<Answer, String> {
        let answer = self.client.post(url.clone()).headers(headers).body(body).send().await;
        self.read(answer.map_err(in_words)?).await
    }

    /// Whether the server behind `url` answers at all. Its root is asked for, so that nothing
    /// secret is named and nothing happens.
    ///
    /// # Errors
    /// Why it does not, in words without the URL.
    #[cfg(any(feature = "slack", feature = "webhook"))]
    pub(crate) async fn reach(&self, url: &Url) -> Result<(), String> {
        let root = url.join("/").map_err(|error| error.to_string())?;
        self.client.head(root).send().await.map(drop).map_err(in_words)
    }

    /// Asks for what is there.
    ///
    /// # Errors
    /// Why there is no whole answer, in words without the URL.
    #[cfg(feature = "otlp")]
    pub(crate) async fn get(&self, url: &Url, headers: HeaderMap) -> Result<Answer, String> {
        let answer = self.client.get(url.clone()).headers(headers).send().await;
        self.read(answer.map_err(in_words)?).await
    }

    async fn read(&self, mut response: Response) -> Result<Answer, String> {
        let named = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = named.and_then(|text| retry_after::delay(text, self.clock.now_ms()));
        let status = response.status();
        let mut body = Vec::new();
        // To the end, so that the connection can be used again; only the beginning is kept.
        while let Some(chunk) = response.chunk().await.map_err(in_words)? {
            let room = READ_BYTES.saturating_sub(body.len());
            body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
            if room < chunk.len() {
                break;
            }
        }
        Ok(Answer { status, retry_after, body })
    }
}

fn in_words(error: reqwest::Error) -> String {
    chain(&error.without_url())
}
