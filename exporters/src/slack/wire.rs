//! Requests to Slack. It says what came back and decides nothing.

use dosd_actors::port::SharedClock;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::Value;
use url::Url;

use super::config::{Destination, SlackConfig};
#[cfg(test)]
use super::tests::FakeWire;
use crate::http::{Answer, HttpClient};

/// What is asked of Slack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    /// Post a message.
    Post,
    /// Edit one. Only for bots.
    Update,
}

/// How requests get there.
pub(super) enum Wire {
    Http(Box<HttpWire>),
    #[cfg(test)]
    Fake(FakeWire),
}

impl Wire {
    /// Sends one request. An error says in words why there is no whole answer.
    pub(super) async fn call(&self, call: Call, body: &Value) -> Result<Answer, String> {
        match self {
            Self::Http(wire) => wire.call(call, body).await,
            #[cfg(test)]
            Self::Fake(wire) => wire.call(call, body),
        }
    }

    /// Whether the token is good; nothing where there is none.
    pub(super) async fn test_token(&self) -> Result<Option<Answer>, String> {
        match self {
            Self::Http(wire) => wire.test_token().await,
            #[cfg(test)]
            Self::Fake(_) => Ok(None),
        }
    }
}

/// Requests over HTTP.
pub(super) struct HttpWire {
    client: HttpClient,
    destination: Destination,
    headers: HeaderMap,
}

impl HttpWire {
    pub(super) fn new(config: &SlackConfig, clock: SharedClock) -> Result<Self, String> {
        let (Destination::Webhook { url } | Destination::Bot { api: url, .. }) =
            &config.destination;
        let client = HttpClient::new(url, config.timeout, clock)?;
        let json = HeaderValue::from_static("application/json; charset=utf-8");
        let mut headers = HeaderMap::from_iter([(CONTENT_TYPE, json)]);
        if let Destination::Bot { token, .. } = &config.destination {
            let value = HeaderValue::from_str(&format!("Bearer {}", token.expose().trim()));
            let mut value = value.map_err(
                |_| "the token holds characters that no token has; look at where it comes from",
            )?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        Ok(Self { client, destination: config.destination.clone(), headers })
    }

    async fn call(&self, call: Call, body: &Value) -> Result<Answer, String> {
        let method = match call {
            Call::Post => "chat.postMessage",
            Call::Update => "chat.update",
        };
        self.post(&self.url(method)?, body).await
    }

    async fn test_token(&self) -> Result<Option<Answer>, String> {
        match &self.destination {
            // Only a message would tell whether the hook is good.
            Destination::Webhook { url } => self.client.reach(url).await.map(|()| None),
            Destination::Bot { .. } => {
                let empty = Value::Object(serde_json::Map::new());
                self.post(&self.url("auth.test")?, &empty).await.map(Some)
            }
        }
    }

    async fn post(&self, url: &Url, body: &Value) -> Result<Answer, String> {
        self.client.post(url, self.headers.clone(), body.to_string().into_bytes()).await
    }

    fn url(&self, method: &str) -> Result<Url, String> {
        match &self.destination {
            Destination::Webhook { url } => Ok(url.clone()),
            Destination::Bot { api, .. } => api.join(method).map_err(|error| error.to_string()),
        }
    }
}
