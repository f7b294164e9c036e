//! What Slack's answers mean. Pure.
//!
//! What says that the destination or the setup is wrong disables the exporter: nothing is
//! lost, and somebody has to act. What nobody here has heard of is tried again: that loses
//! nothing either, and ends by itself when it was a hiccup. Refused is only a message that
//! Slack will not take.

use serde_json::Value;

use super::escape::plain;
use crate::http::Answer;
use crate::sink::Delivery;

/// Messages that Slack will not take.
const BAD_MESSAGE: &[&str] = &[
    "invalid_payload",
    "invalid_blocks",
    "invalid_blocks_format",
    "invalid_json",
    "invalid_form_data",
    "json_not_object",
    "msg_too_long",
    "msg_blocks_too_long",
    "no_text",
    "missing_text_or_fallback_or_attachments",
    "too_many_attachments",
    "attachment_payload_limit_exceeded",
];

/// Destinations and setups that are wrong, with what to do about it.
const BAD_DESTINATION: &[(&str, &str)] = &[
    ("no_service", "make a new webhook, the old one is gone"),
    ("no_service_id", "make a new webhook, the old one is gone"),
    ("no_active_hooks", "make a new webhook, the old one is off"),
    ("no_team", "look at the webhook's URL"),
    ("team_disabled", "the Slack workspace is off"),
    ("invalid_token", "look at the webhook's URL"),
    ("user_not_found", "look at the channel"),
    ("channel_not_found", "look at the channel, and invite the bot to it"),
    ("channel_is_archived", "choose another channel"),
    ("is_archived", "choose another channel"),
    ("is_inactive", "choose another channel"),
    ("not_in_channel", "invite the bot to the channel"),
    ("posting_to_general_channel_denied", "choose another channel"),
    ("action_prohibited", "ask the Slack workspace's administrators"),
    ("restricted_action", "ask the Slack workspace's administrators"),
    ("restricted_action_read_only_channel", "choose another channel"),
    ("restricted_action_thread_only_channel", "choose another channel"),
    ("restricted_action_non_threadable_channel", "choose another channel"),
    ("cannot_reply_to_message", "choose another channel"),
    ("access_denied", "ask the Slack workspace's administrators"),
    ("no_permission", "look at the app's permissions, and invite the bot to the channel"),
    ("ekm_access_denied", "ask the Slack workspace's administrators"),
    ("enterprise_is_restricted", "ask the Slack workspace's administrators"),
    ("team_access_not_granted", "install the app in the Slack workspace"),
    ("account_inactive", "install the app again, and set the new token"),
    ("token_revoked", "install the app again, and set the new token"),
    ("token_expired", "set a new token"),
    ("invalid_auth", "look at the token"),
    ("not_authed", "look at the token"),
    ("not_allowed_token_type", "use a bot's token, `xoxb-…`"),
    ("missing_scope", "give the app the scope `chat:write`, and install it again"),
    ("method_deprecated", "use a later dosd"),
    ("deprecated_endpoint", "use a later dosd"),
    ("unknown_method", "look at the API's URL"),
];

/// Why a message that was posted cannot be edited any more.
const GONE: &[&str] =
    &["message_not_found", "cant_update_message", "edit_window_closed", "channel_not_found"];

/// An answer that is no "yes".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct No {
    /// Slack's word for it.
    word: String,
    /// What became of the message.
    pub(super) delivery: Delivery,
}

impl No {
    pub(super) fn new(delivery: Delivery) -> Self {
        Self { word: String::new(), delivery }
    }

    /// Whether the message that was to be edited is not there any more.
    pub(super) fn is_gone(&self) -> bool {
        GONE.contains(&self.word.as_str())
    }
}

/// What the answer of an incoming webhook means.
pub(super) fn from_webhook(answer: &Answer) -> Result<Value, No> {
    let body = String::from_utf8_lossy(&answer.body);
    let body = body.trim();
    match serde_json::from_slice::<Value>(&answer.body) {
        // Hooks of workflows, and of those who imitate Slack, answer as the Web API does.
        Ok(said @ Value::Object(_)) => judge(answer, said),
        _ if answer.status.is_success() && body.eq_ignore_ascii_case("ok") => Ok(Value::Null),
        _ => Err(no(answer, body.split_whitespace().next().unwrap_or_default())),
    }
}

/// What the answer of the Web API means: what it says of the message.
pub(super) fn from_api(answer: &Answer) -> Result<Value, No> {
    match serde_json::from_slice(&answer.body) {
        Ok(said) => judge(answer, said),
        Err(_) => Err(no(answer, "")),
    }
}

fn judge(answer: &Answer, said: Value) -> Result<Value, No> {
    if answer.status.is_success() && said.get("ok") == Some(&Value::Bool(true)) {
        return Ok(said);
    }
    Err(no(answer, said.get("error").and_then(Value::as_str).unwrap_or_default()))
}

fn no(answer: &Answer, word: &str) -> No {
    let word = plain(word, 80);
    let status = answer.status.as_u16();
    let known = BAD_DESTINATION.iter().find(|(name, _)| *name == word);
    let delivery = if status == 429 || matches!(word.as_str(), "ratelimited" | "rate_limited") {
        let reason = "Slack wants fewer messages".to_owned();
        Delivery::Throttled { delay: answer.retry_after, reason }
    } else if let Some((_, help)) = known {
        Delivery::Disabled { reason: format!("Slack answers `{word}`: {help}") }
    } else if BAD_MESSAGE.contains(&word.as_str()) {
        Delivery::Refused { reason: format!("Slack answers `{word}`") }
    } else {
        let reason = answer.in_words();
        match status {
            400 | 413 | 415 | 422 => Delivery::Refused { reason },
            401 | 403 | 404 | 405 | 410 => {
                Delivery::Disabled { reason: format!("{reason} (look at the URL or the token)") }
            }
            _ => Delivery::Retry { reason },
        }
    };
    No { word, delivery }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use reqwest::StatusCode;

    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        let status = StatusCode::from_u16(status).unwrap();
        Answer { status, retry_after: Some(Duration::from_secs(7)), body: body.as_bytes().to_vec() }
    }

    /// One letter for what becomes of the message.
    fn letter(said: Result<Value, No>) -> char {
        match said.map_err(|no| no.delivery) {
            Ok(_) => 'a',
            Err(Delivery::Throttled { delay: Some(_), .. }) => 't',
            Err(Delivery::Retry { .. }) => 'r',
            Err(Delivery::Refused { .. }) => 'x',
            Err(Delivery::Disabled { .. }) => 'd',
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_webhooks_answers_have_their_classes() {
        for (status, body, class) in [
            (200, "ok", 'a'),
            (200, "OK\n", 'a'),
            (200, r#"{"ok":true}"#, 'a'),
            (200, "<html>sign in to the wireless</html>", 'r'),
            (200, "", 'r'),
            (302, "", 'r'),
            (400, "invalid_payload", 'x'),
            (400, "no_text", 'x'),
            (400, "invalid_blocks", 'x'),
            (400, "user_not_found", 'd'),
            (403, "action_prohibited", 'd'),
            (403, "invalid_token", 'd'),
            (404, "no_service", 'd'),
            (404, "channel_not_found", 'd'),
            (404, "", 'd'),
            (410, "channel_is_archived", 'd'),
            (413, "", 'x'),
            (429, "rate_limited", 't'),
            (408, "", 'r'),
            (500, "rollup_error", 'r'),
            (503, "", 'r'),
        ] {
            assert_eq!(letter(from_webhook(&answer(status, body))), class, "{status} {body}");
        }
    }

    #[test]
    fn the_apis_answers_have_their_classes() {
        let said = |word: &str| format!(r#"{{"ok":false,"error":"{word}"}}"#);
        for (word, class) in [
            ("invalid_blocks", 'x'),
            ("msg_blocks_too_long", 'x'),
            ("ratelimited", 't'),
            ("internal_error", 'r'),
            ("something_new", 'r'),
            ("invalid_auth", 'd'),
            ("account_inactive", 'd'),
            ("token_revoked", 'd'),
            ("not_in_channel", 'd'),
            ("channel_not_found", 'd'),
            ("is_archived", 'd'),
            ("missing_scope", 'd'),
        ] {
            assert_eq!(letter(from_api(&answer(200, &said(word)))), class, "{word}");
        }
        assert_eq!(letter(from_api(&answer(200, r#"{"ok":true,"ts":"1.2"}"#))), 'a');
        assert_eq!(letter(from_api(&answer(200, "ok"))), 'r');
        assert_eq!(letter(from_api(&answer(200, "[]"))), 'r');
        assert_eq!(letter(from_api(&answer(502, "<html>"))), 'r');
        assert_eq!(letter(from_api(&answer(500, r#"{"ok":true}"#))), 'r');
        assert_eq!(letter(from_api(&answer(401, ""))), 'd');
    }

    #[test]
    fn it_says_what_to_do() {
        let no = from_api(&answer(200, r#"{"ok":false,"error":"not_in_channel"}"#)).unwrap_err();
        let reason = "Slack answers `not_in_channel`: invite the bot to the channel".to_owned();
        assert_eq!(no.delivery, Delivery::Disabled { reason });
        let no = from_api(&answer(200, r#"{"ok":false,"error":"message_not_found"}"#)).unwrap_err();
        assert!(no.is_gone());
    }
}
