//! Every message that the sink `slack` makes, as Slack's own SDK reads it.

use std::sync::Arc;

use dosd_actors::journal::{EventId, FileIdentity};
use dosd_actors::port::SystemClock;
use dosd_actors::supervisor::FleetView;
use dosd_exporters::Event;
use dosd_exporters::slack::{API, Destination, SlackConfig, SlackSink};
use dosd_network::Secret;
use serde_json::{Value, json};

use crate::slack_peer::Judge;

const BATCHES: usize = 400;

fn sink(workspace: &str) -> SlackSink {
    let (token, channel) = (Secret::new("xoxb-1"), "#garden".to_owned());
    let destination = Destination::Bot { token, channel, api: API.parse().unwrap() };
    let config = SlackConfig::new(destination, workspace).at_once();
    SlackSink::new(config, Arc::new(SystemClock::new()), None).unwrap()
}

/// What workers and others may write.
fn word(rng: &mut fastrand::Rng) -> String {
    const WORDS: [&str; 14] = [
        "",
        "docs",
        "<!channel>",
        "<@U012AB3CD>",
        "```",
        "`",
        "&&&&&&&&",
        "\"\\\"\\",
        "\r\n\t\u{0}\u{1b}[31m",
        "\u{202e}\u{200b}",
        "日本語",
        "🔥🔥",
        "*_~|>:fire:",
        "https://example.com/?a=b#c",
    ];
    match rng.u8(..8) {
        0 => rng.choice(WORDS).unwrap_or_default().repeat(rng.usize(1..2_000)),
        1 => (0..rng.usize(..300)).map(|_| rng.char(..)).collect(),
        _ => (0..rng.usize(..6)).filter_map(|_| rng.choice(WORDS)).collect::<Vec<_>>().join(" "),
    }
}

fn event(rng: &mut fastrand::Rng) -> Event {
    const VERDICTS: [&str; 5] = ["STALLED", "REFUTED", "SPINNING", "CONFIRMED", "GAVE_UP"];
    let verdict = match rng.u8(..4) {
        0 => word(rng),
        _ => rng.choice(VERDICTS).unwrap_or_default().to_owned(),
    };
    let detail = match rng.u8(..3) {
        0 => json!([word(rng)]),
        1 => json!({word(rng): word(rng), "n": rng.i64(..), "deep": {word(rng): 1}}),
        _ => json!({word(rng): rng.f64(), "why": word(rng)}),
    };
    let ts = ["2026-11-22T19:31:25Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "soon"];
    let row: Value = json!({
        "syscall": word(rng), "verdict": verdict, "lane": word(rng), "subject": word(rng),
        "ts": rng.choice(ts), "detail": detail,
    });
    let file = FileIdentity { inode: 1, head: None };
    Event::parse(EventId::new(file, rng.u64(..)), row.to_string()).unwrap()
}

#[test]
fn slacks_own_sdk_takes_every_message() {
    let mut judge = Judge::start();
    for seed in 0..BATCHES as u64 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let events: Vec<Event> = (0..rng.usize(1..80)).map(|_| event(&mut rng)).collect();
        let message = sink(&word(&mut rng)).preview(&events);
        assert_eq!(judge.ask(&message), "ok", "seed {seed}: {message}");
    }
}

#[test]
fn slacks_own_sdk_takes_the_fleets_message() {
    let mut judge = Judge::start();
    for seed in 0..BATCHES as u64 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut words = |most: usize| -> Vec<String> {
            (0..rng.usize(..most)).map(|_| word(&mut rng)).collect()
        };
        let fleet = FleetView {
            plan: None,
            runs: words(40).into_iter().map(|lane| (lane, "run".to_owned())).collect(),
            beats: words(400).into_iter().map(|lane| (lane, 0)).collect(),
            gave_up: words(40),
        };
        let message = sink("garden").preview_status(&fleet);
        assert_eq!(judge.ask(&message), "ok", "seed {seed}: {message}");
    }
}

#[test]
fn a_message_that_is_none_is_noticed() {
    let mut judge = Judge::start();
    let long = "x".repeat(3_001);
    let text = json!({"type": "mrkdwn", "text": long, "verbatim": true});
    let message = json!({"text": "x", "blocks": [{"type": "section", "text": text}]});
    assert!(judge.ask(&message).contains("cannot exceed 3000"), "the judge judges nothing");
}
