//! A document that a command composed, posted once. It is no event: it has no id, is not
//! signed and not tried again.

use std::time::Duration;

use dosd_actors::port::SharedClock;
use serde::Serialize;

use super::config::WebhookConfig;
use super::hidden::Hidden;
use super::transport::{headers, parse};
use crate::http::HttpClient;

/// Posts a JSON document and gives the status of the answer.
///
/// # Errors
/// Why it was not taken, in words without secrets.
pub async fn post_json<T: Serialize + Sync>(
    config: &WebhookConfig,
    clock: SharedClock,
    document: &T,
) -> Result<u16, String> {
    let url = parse(config)?;
    let hidden = Hidden::of(config, &url);
    let timeout = config.timeout.max(Duration::from_millis(1));
    let client = HttpClient::new(&url, timeout, clock)?;
    let body = serde_json::to_vec(document).map_err(|error| error.to_string())?;
    let answer = client.post(&url, headers(config)?, body).await;
    let answer = answer.map_err(|why| hidden.hide(&why))?;
    if answer.status.is_success() {
        Ok(answer.status.as_u16())
    } else {
        Err(hidden.hide(&answer.in_words()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use dosd_actors::port::SystemClock;
    use dosd_network::Secret;

    use super::*;
    use crate::testing::{Reply, Server};

    #[actix::test]
    async fn a_document_is_posted_with_its_token_and_the_answer_is_told() {
        let server = Server::start(Reply::status(204)).await;
        let token = Some(Secret::new("a-long-token"));
        let url = Secret::new(server.url("/hook?key=hidden-key"));
        let config = WebhookConfig { token, ..WebhookConfig::new(url) };
        let post = async || {
            post_json(&config, Arc::new(SystemClock::new()), &serde_json::json!({"a": 1})).await
        };
        assert_eq!(post().await, Ok(204));
        let request = server.requests().remove(0);
        assert_eq!(request.json(), serde_json::json!({"a": 1}));
        assert_eq!(request.header("authorization"), Some("Bearer a-long-token"));
        server.otherwise(Reply::say(503, &[], b"not a-long-token now, hidden-key"));
        let why = post().await.unwrap_err();
        assert!(why.contains("503") && !why.contains("long") && !why.contains("hidden"), "{why}");
    }
}
