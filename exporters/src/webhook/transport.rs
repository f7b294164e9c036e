//! The sink itself: one request for each event, in order, over one connection that is kept.

use std::time::Duration;

use dosd_actors::port::SharedClock;
use dosd_network::place;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use url::Url;

use super::config::WebhookConfig;
use super::encode::Message;
use super::hidden::Hidden;
use super::judge::judge;
use super::sign::Signer;
use crate::event::Event;
use crate::http::{Answer, HttpClient};
use crate::sink::{Delivery, Limits, Sink, Unhealthy};

const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// Events between two moves of the cursor: enough that saving it is cheap beside them, few
/// enough that a crash repeats little.
const BATCH_EVENTS: usize = 128;

/// A batch ends early after so long, so that the cursor moves behind a slow server too.
const BATCH_TIME: Duration = Duration::from_secs(2);

/// What a send may take beyond its requests, before it counts as stuck.
const SLACK: Duration = Duration::from_secs(10);

/// Posts events to a URL.
pub struct WebhookSink {
    client: HttpClient,
    url: Url,
    /// What is the same in every request.
    headers: HeaderMap,
    signer: Signer,
    hidden: Hidden,
    timeout: Duration,
    clock: SharedClock,
}

impl WebhookSink {
    /// A sink for `config`. Nothing is opened yet.
    ///
    /// # Errors
    /// What in `config` cannot be used, in words without secrets.
    pub fn new(config: &WebhookConfig, clock: SharedClock) -> Result<Self, String> {
        let url = parse(config)?;
        Ok(Self {
            client: HttpClient::new(&url, config.timeout, clock.clone())?,
            headers: headers(config)?,
            signer: Signer::new(&config.secrets)?,
            hidden: Hidden::of(config, &url),
            timeout: config.timeout,
            url,
            clock,
        })
    }

    /// Posts one event.
    async fn post(&self, message: &Message) -> Delivery {
        let Some(headers) = self.headers_of(message) else {
            return Delivery::Refused { reason: "its id cannot be in a header".to_owned() };
        };
        match self.client.post(&self.url, headers, message.body.clone()).await {
            Ok(answer) => judge(&answer, || self.in_words(&answer)),
            Err(reason) => Delivery::Retry { reason: self.hidden.hide(&reason) },
        }
    }

    /// What is new in each try: its time, and with it the signature.
    fn headers_of(&self, message: &Message) -> Option<HeaderMap> {
        let now_s = self.clock.now_ms().div_euclid(1000);
        let mut headers = self.headers.clone();
        headers.insert(ID, message.id.parse().ok()?);
        headers.insert(TIMESTAMP, now_s.into());
        if let Some(signature) = self.signer.signature(&message.id, now_s, &message.body) {
            headers.insert(SIGNATURE, signature.parse().ok()?);
        }
        Some(headers)
    }

    fn in_words(&self, answer: &Answer) -> String {
        let body = self.hidden.hide(&String::from_utf8_lossy(&answer.body)).into_bytes();
        Answer { body, ..answer.clone() }.in_words()
    }
}

impl Sink for WebhookSink {
    type Batch = Vec<Message>;

    fn kind(&self) -> &'static str {
        "webhook"
    }

    fn limits(&self) -> Limits {
        // Each request has its own end; this one only ends what is stuck elsewhere.
        let timeout = BATCH_TIME.saturating_add(self.timeout).saturating_add(SLACK);
        Limits { events: BATCH_EVENTS, timeout, ..Limits::default() }
    }

    fn encode(&self, events: &[Event]) -> Self::Batch {
        events.iter().map(Message::of).collect()
    }

    async fn send(&mut self, batch: &Self::Batch) -> Delivery {
        let began = self.clock.monotonic();
        for (taken, message) in batch.iter().enumerate() {
            let next = self.post(message).await;
            let is_last = taken + 1 == batch.len();
            let is_late = self.clock.monotonic().saturating_sub(began) >= BATCH_TIME;
            if next != Delivery::Accepted || is_late && !is_last {
                return Delivery::Stopped { taken, next: Box::new(next) };
            }
        }
        Delivery::Accepted
    }

    async fn check(&mut self) -> Result<(), Unhealthy> {
        let answered = self.client.reach(&self.url).await;
        answered.map_err(|why| {
            Unhealthy(format!("`{}`: {}", server(&self.url), self.hidden.hide(&why)))
        })
    }
}

pub(super) fn parse(config: &WebhookConfig) -> Result<Url, String> {
    const HELP: &str = "help: it looks like `https://host/path`";
    // A parser's error names what is missing and quotes nothing.
    let url = Url::parse(config.url.expose())
        .map_err(|why| format!("the webhook's URL is none: {why}. {HELP}"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(format!("the webhook's URL is not one of `https` or `http`. {HELP}"));
    }
    if config.token.is_some() && !(url.username().is_empty() && url.password().is_none()) {
        return Err("the webhook's URL names a user, and there is a token too: a request has \
                    room for one of them. help: remove one"
            .to_owned());
    }
    Ok(url)
}

pub(super) fn headers(config: &WebhookConfig) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(token) = &config.token {
        let mut value =
            HeaderValue::from_str(&format!("Bearer {}", token.expose())).map_err(|_| {
                "the webhook's token has symbols that no header may have, such as a \
                          line break. help: give it alone, on one line"
            })?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    Ok(headers)
}

/// The server behind a URL. Its path stays unsaid: chats have their tokens there.
fn server(url: &Url) -> String {
    let mut server = url.clone();
    server.set_path("/");
    server.set_query(None);
    place(&server)
}
