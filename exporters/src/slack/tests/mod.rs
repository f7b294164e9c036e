//! What the tests of this sink share: rows, a wire that goes nowhere, and what every
//! message has to keep to.

mod exporter;
mod laws;
mod message;
mod server;
mod state;
mod tell;

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dosd_actors::port::SharedClock;
use dosd_actors::port::testing::MemoryStorage;
use dosd_network::Secret;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::message::{BLOCKS_BYTES, Message};
use super::wire::{Call, Wire};
use super::{Destination, SlackConfig, SlackSink, StateFile};
use crate::event::Event;
use crate::http::Answer;
use crate::testing::event_id;

pub(super) fn row(
    syscall: &str,
    verdict: &str,
    lane: &str,
    subject: &str,
    detail: &Value,
) -> String {
    json!({
        "detail": detail, "lane": lane, "run_id": "", "schema_family": "verdict-journal",
        "schema_version": 1, "seq": 1, "source": "kernel", "subject": subject,
        "syscall": syscall, "ts": "2026-11-22T19:31:25Z", "verdict": verdict,
    })
    .to_string()
}

/// A row about a lane.
fn about(lane: &str, verdict: &str) -> String {
    row("liveness", verdict, lane, "", &json!({}))
}

/// Events at the offsets of these rows.
fn events(rows: &[String]) -> Vec<Event> {
    let mut offset = 0;
    let mut event = |row: &String| {
        let id = event_id(offset);
        offset += row.len() as u64 + 1;
        Event::parse(id, row.clone()).unwrap()
    };
    rows.iter().map(&mut event).collect()
}

fn bot(api: &str) -> Destination {
    Destination::Bot {
        token: Secret::new("xoxb-secret"),
        channel: "#garden".to_owned(),
        api: api.parse().unwrap(),
    }
}

fn state_file(storage: &MemoryStorage) -> StateFile {
    StateFile::new(Arc::new(storage.clone()), Path::new("exporters"), "oncall")
}

fn kept_text(storage: &MemoryStorage) -> String {
    String::from_utf8(storage.bytes(Path::new("exporters/oncall.slack.json"))).unwrap()
}

/// A sink for the bot, over a wire that goes nowhere.
fn fake_sink(
    wire: &FakeWire,
    clock: SharedClock,
    storage: &MemoryStorage,
    change: impl FnOnce(&mut SlackConfig),
) -> SlackSink {
    let mut config = SlackConfig::new(bot(super::API), "garden");
    change(&mut config);
    let mut sink = SlackSink::new(config, clock, Some(state_file(storage))).unwrap();
    sink.wire = Wire::Fake(wire.clone());
    sink
}

/// A request that was made.
#[derive(Debug, Clone)]
struct Asked {
    at: Duration,
    call: Call,
    body: Value,
}

impl Asked {
    /// All texts of the blocks.
    fn said(&self) -> String {
        let blocks = self.body["blocks"].as_array().into_iter().flatten();
        blocks.filter_map(|block| block["text"]["text"].as_str()).collect::<Vec<_>>().join("\n")
    }
}

/// What comes next, and what was asked.
type Script = (VecDeque<Result<Answer, String>>, Vec<Asked>);

/// The Web API of a Slack that says yes, or what a test says. Clones share it.
#[derive(Clone)]
pub(super) struct FakeWire {
    state: Arc<Mutex<Script>>,
    origin: Instant,
}

impl FakeWire {
    fn new() -> Self {
        Self { state: Arc::default(), origin: Instant::now() }
    }

    pub(super) fn call(&self, call: Call, body: &Value) -> Result<Answer, String> {
        let mut state = self.state();
        state.1.push(Asked { at: self.origin.elapsed(), call, body: body.clone() });
        let ts = format!("{}.0", state.1.len());
        let yes = json!({"ok": true, "channel": "C1", "ts": ts}).to_string();
        state.0.pop_front().unwrap_or_else(|| answer(200, None, &yes))
    }

    fn then(&self, answers: impl IntoIterator<Item = Result<Answer, String>>) {
        self.state().0.extend(answers);
    }

    fn asked(&self) -> Vec<Asked> {
        self.state().1.clone()
    }

    /// The messages that were asked for, without edits.
    fn posts(&self) -> Vec<Asked> {
        self.asked().into_iter().filter(|asked| asked.call == Call::Post).collect()
    }

    /// The time between each two messages.
    fn gaps(&self) -> Vec<Duration> {
        let posts = self.posts();
        posts.windows(2).map(|two| two[1].at.saturating_sub(two[0].at)).collect()
    }

    fn state(&self) -> MutexGuard<'_, Script> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[expect(clippy::unnecessary_wraps, reason = "it is what a wire gives")]
fn answer(status: u16, retry_after: Option<u64>, body: &str) -> Result<Answer, String> {
    Ok(Answer {
        status: StatusCode::from_u16(status).unwrap(),
        retry_after: retry_after.map(Duration::from_secs),
        body: body.as_bytes().to_vec(),
    })
}

/// An answer of the Web API that is no "yes".
fn no(word: &str) -> Result<Answer, String> {
    answer(200, None, &json!({"ok": false, "error": word}).to_string())
}

/// Whether a message keeps to what Slack takes, and cannot mention anybody.
fn check_message(message: &Message) {
    assert!(!message.text.is_empty() && message.text.len() <= 4_000);
    check_text(&message.text);
    let after_at = message.text.split('@').skip(1);
    assert!(after_at.into_iter().all(|rest| rest.starts_with('\u{2060}')), "{}", message.text);
    assert!((2..=50).contains(&message.blocks.len()), "{} blocks", message.blocks.len());
    let blocks = Value::Array(message.blocks.clone()).to_string();
    assert!(blocks.len() <= BLOCKS_BYTES, "{} bytes", blocks.len());
    for (index, block) in message.blocks.iter().enumerate() {
        let text = block["text"]["text"].as_str().unwrap();
        let kind = if index == 0 { ("header", 150) } else { ("section", 3_000) };
        assert_eq!(block["type"], kind.0);
        assert!(!text.is_empty() && text.len() <= kind.1, "{}: {text}", text.len());
        assert!(index == 0 || text.matches('`').count() % 2 == 0, "{text}");
        check_text(text);
    }
}

fn check_text(text: &str) {
    for (at, _) in text.match_indices('<') {
        assert!(text[at..].starts_with("<!date^"), "{text}");
    }
    assert!(!text.chars().any(|symbol| symbol.is_control() && symbol != '\n'), "{text:?}");
}
