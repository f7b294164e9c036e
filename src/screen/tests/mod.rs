//! Tests of the screen: what is drawn at several sizes, and that no key at no size does harm.

mod keys;
mod picture;

use super::{Link, Look, News, Room, Scene, Ui, draw};
use crate::fleet::{
    ExporterState, ExporterView, LaneState, LaneView, MinuteCounts, Overview, PopulationView,
    VerdictMark, VerdictView,
};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use serde_json::{Value, json};
use std::time::Duration;

/// 2026-11-28T12:00:30Z.
const NOW_MS: i64 = 1_795_867_230_000;

fn verdict(
    number: u64,
    verdict: &str,
    lane: &str,
    subject: &str,
    reason: Option<&str>,
) -> VerdictView {
    let ts = dosd_kernel::stamp::format_ms(NOW_MS - 1_000 * i64::try_from(100 - number).unwrap());
    let syscall = if subject.is_empty() { "worker" } else { "effect_witness" };
    let mut detail = json!({"surfaces": 1});
    if let Some(reason) = reason {
        detail["reason"] = reason.into();
    }
    let row = json!({"ts": ts, "seq": number, "syscall": syscall, "verdict": verdict, "lane": lane,
        "run_id": "RID-1M87FAB1AY2GYH8", "subject": subject, "detail": detail, "source": "kernel"});
    let Value::Object(row) = row else { unreachable!("it is an object") };
    crate::fleet::verdict_view(format!("f-{number:x}"), row)
}

fn lane(name: &str, state: LaneState, last: Option<&VerdictView>) -> LaneView {
    let is_free = matches!(state, LaneState::Free | LaneState::GaveUp);
    let text =
        |view: &VerdictView, key: &str| view.row[key].as_str().unwrap_or_default().to_owned();
    LaneView {
        lane: name.to_owned(),
        state,
        run_id: (!is_free).then(|| "RID-1M87FAB1AY2GYH8".to_owned()),
        pid: (!is_free).then_some(27_717),
        owner: (!is_free).then(|| "supervisor".to_owned()),
        fence: (!is_free).then_some(17),
        age_ms: (!is_free).then_some(184_000),
        beat_age_ms: (!is_free).then_some(2_000),
        restarts: 3,
        last_verdict: last.map(|view| VerdictMark {
            id: view.id.clone(),
            ts: text(view, "ts"),
            syscall: text(view, "syscall"),
            verdict: text(view, "verdict"),
            severity: view.severity.clone(),
            subject: text(view, "subject"),
            reason: view.reason.clone(),
        }),
    }
}

/// A small fleet in which something is wrong.
fn news() -> News {
    let why = "an accountable source refutes: orders (`refund-7` is not among 0 inserted and 0 updated keys)";
    let verdicts = vec![
        verdict(90, "STARTED", "orders", "", None),
        verdict(
            91,
            "CONFIRMED",
            "orders",
            "orders:42",
            Some("an accountable source attests: orders (`42` was inserted)"),
        ),
        verdict(92, "REFUTED", "refunds", "orders:refund-7", Some(why)),
        verdict(93, "UNWITNESSED", "payments", "payments:9", Some("`payments` could not be read")),
        verdict(94, "EXITED", "reports", "", Some("ended with exit code 3 after 6.0 s")),
    ];
    let overview = Overview {
        version: "0.1.0".to_owned(),
        workspace: "/srv/fleet".to_owned(),
        now_ms: NOW_MS,
        started_ms: Some(NOW_MS - 3_723_000),
        population: PopulationView { verdict: Some("FILLING".to_owned()), alive: 3, target: 4 },
        lanes: vec![
            lane("orders", LaneState::Advancing, Some(&verdicts[1])),
            lane("refunds", LaneState::Spinning, Some(&verdicts[2])),
            lane("payments", LaneState::Held, Some(&verdicts[3])),
            lane("reports", LaneState::GaveUp, Some(&verdicts[4])),
            lane("docs", LaneState::Free, None),
        ],
        exporters: vec![
            ExporterView {
                name: "file".to_owned(),
                kind: "file".to_owned(),
                state: ExporterState::Resting,
                lag_ms: 0,
                behind_bytes: 0,
                dead_letters: 0,
                sent: 94,
                circuit: "closed".to_owned(),
                problem: None,
            },
            ExporterView {
                name: "oncall".to_owned(),
                kind: "webhook".to_owned(),
                state: ExporterState::Open,
                lag_ms: 65_000,
                behind_bytes: 12_345,
                dead_letters: 2,
                sent: 7,
                circuit: "open".to_owned(),
                problem: Some("connection refused".to_owned()),
            },
        ],
        history: (0..50)
            .filter(|minute| minute % 7 != 3)
            .map(|minute| MinuteCounts {
                at_ms: NOW_MS - 30_000 - 60_000 * (49 - minute),
                info: u64::try_from(minute % 5).unwrap() * 3 + 1,
                warn: 0,
                error: u64::from(minute % 11 == 0),
                refuted: u64::from(minute == 44),
            })
            .collect(),
        refuted: vec![verdicts[2].clone()],
    };
    News { overview, verdicts, is_rewritten: false, link: Link::Daemon }
}

fn scene() -> Scene {
    let mut scene = Scene::default();
    scene.take(news(), Duration::from_secs(10));
    scene
}

const PLAIN: Look = Look { colours: false };

/// What stands on a screen of this size, line by line, without blanks at the ends.
fn drawn(width: u16, height: u16, scene: &Scene, ui: &Ui) -> (String, Room) {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let mut room = Room::default();
    terminal.draw(|frame| room = draw(frame, scene, ui, PLAIN)).unwrap();
    let buffer = terminal.backend().buffer();
    let mut text = String::new();
    for y in 0..height {
        let line: String = (0..width).map(|x| buffer[(x, y)].symbol()).collect();
        text += line.trim_end();
        text.push('\n');
    }
    (text, room)
}
