//! A message that a command composed, posted once. It remembers nothing.

use dosd_actors::port::SharedClock;
use serde_json::{Value, json};

use super::answer::words;
use super::config::{Destination, SlackConfig};
use super::escape::{code, unmentioned};
use super::line::Line;
use super::message::section;
use super::wire::Call;

/// Fields of a section, at most.
const FIELDS: usize = 10;
const FIELD_BYTES: usize = 400;
const TITLE_BYTES: usize = 140;
const LINE_BYTES: usize = 200;
/// The whole of the summary.
const SUMMARY_BYTES: usize = 2_800;

/// What is to be said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlackNotice {
    /// The first line.
    pub title: String,
    /// What stands out: a name and a text each.
    pub fields: Vec<(String, String)>,
    /// The rest, line by line.
    pub summary: String,
}

/// Posts a notice, and gives what Slack calls the message; nothing from a webhook.
///
/// # Errors
/// Why it was not taken, in words without secrets.
pub async fn post_notice(
    destination: Destination,
    clock: SharedClock,
    notice: &SlackNotice,
) -> Result<Option<String>, String> {
    let mut line = Line::new(&SlackConfig::new(destination, "").at_once(), clock)?;
    let said = line.call(Call::Post, body(notice)).await;
    let said = said.map_err(|no| words(no.delivery))?;
    Ok(said.get("ts").and_then(Value::as_str).map(ToOwned::to_owned))
}

fn body(notice: &SlackNotice) -> Value {
    let title = unmentioned(&notice.title, TITLE_BYTES);
    let head =
        json!({"type": "header", "text": {"type": "plain_text", "text": title, "emoji": false}});
    let mut blocks = vec![head];
    let fields = notice.fields.iter().take(FIELDS).map(|(name, text)| {
        let text = format!("*{}*\n{}", unmentioned(name, LINE_BYTES), code(text, FIELD_BYTES));
        json!({"type": "mrkdwn", "text": text, "verbatim": true})
    });
    let fields: Vec<Value> = fields.collect();
    if !fields.is_empty() {
        blocks.push(json!({"type": "section", "fields": fields}));
    }
    let mut summary = String::new();
    for line in notice.summary.lines() {
        let line = code(line, LINE_BYTES);
        if summary.len() + line.len() + 1 > SUMMARY_BYTES {
            break;
        }
        summary.push_str(&line);
        summary.push('\n');
    }
    if !summary.is_empty() {
        blocks.push(section(summary.trim_end()));
    }
    json!({"text": title, "blocks": blocks})
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use dosd_actors::port::SystemClock;
    use dosd_network::Secret;

    use super::*;
    use crate::testing::{Reply, Server};

    fn notice() -> SlackNotice {
        SlackNotice {
            title: "2 decisions <!channel>".to_owned(),
            fields: vec![("LIVENESS @ a".to_owned(), "spins `rm`".to_owned()); 20],
            summary: "line\n".repeat(1_000),
        }
    }

    #[test]
    fn what_was_written_into_rows_pings_nobody_and_fits() {
        let body = body(&notice());
        assert!(!body.to_string().contains("<!"), "{body}");
        assert_eq!(body["blocks"][1]["fields"].as_array().unwrap().len(), FIELDS);
        assert!(body["blocks"][2]["text"]["text"].as_str().unwrap().len() <= 3_000);
    }

    #[actix::test]
    async fn a_bot_posts_it_and_says_how_it_is_called() {
        let server = Server::start(Reply::say(200, &[], br#"{"ok":true,"ts":"1.2"}"#)).await;
        let destination = || Destination::Bot {
            token: Secret::new("xoxb-hidden"),
            channel: "C1".to_owned(),
            api: server.url("/api/").parse().unwrap(),
        };
        let post =
            async || post_notice(destination(), Arc::new(SystemClock::new()), &notice()).await;
        assert_eq!(post().await, Ok(Some("1.2".to_owned())));
        let request = server.requests().remove(0);
        assert_eq!(
            (request.target.as_str(), request.json()["channel"].as_str()),
            ("/api/chat.postMessage", Some("C1"))
        );
        server.otherwise(Reply::say(200, &[], br#"{"ok":false,"error":"not_in_channel"}"#));
        let why = post().await.unwrap_err();
        assert!(why.contains("invite the bot") && !why.contains("hidden"), "{why}");
    }
}
