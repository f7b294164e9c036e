//! `dosd top` beside the peer's: lanes, envelopes and commits of one moment.

use crate::support::journals;
use crate::support::peer::Peer;
use crate::support::repository::Repository;
use crate::support::workspace::Workspace;
use dosd_actors::port::{Clock, SystemClock};
use dosd_kernel::stamp;
use fastrand::Rng;
use serde_json::{Value, json};

const LANE_JOURNAL: &str = ".dos/lane-journal.jsonl";
const CASES: u64 = 12;

const CONFIG: &str = "[lanes]\nconcurrent = [\"docs\", \"src\"]\nexclusive = [\"global\"]\n\
    autopick = [\"docs\"]\n[lanes.trees]\ndocs = [\"docs/**\"]\nsrc = [\"src/**\"]\n\
    global = [\"**/*\"]\n";

fn stamp_ago(seconds: i64) -> String {
    stamp::format_ms(SystemClock::new().now_ms() - seconds * 1000)
}

/// Leases and intents of this moment, behind generated rows.
fn journal(rng: &mut Rng) -> String {
    let mut text = if rng.bool() { journals::lanes(rng) } else { String::new() };
    text.truncate(text.rfind('\n').map_or(0, |last| last + 1));
    for seq in 1_000..1_000 + rng.i64(0..12) {
        let lane = ["docs", "src", "global", "other", ""][rng.usize(..5)];
        // Far from every limit, so that a slow machine sees the same.
        let ts = stamp_ago([30, 600, 1_500, 3_600][rng.usize(..4)]);
        let op = ["ACQUIRE", "ACQUIRE", "HEARTBEAT", "SPAWN", "SPAWN", "RELEASE"][rng.usize(..6)];
        let mut row = json!({"op": op, "seq": seq, "ts": ts, "lane": lane, "loop_ts": "L",
            "holder": "alice"});
        if op == "ACQUIRE" {
            row["lease"] = json!({"lane": lane, "loop_ts": "L", "holder": "bob",
                "acquired_at": ts});
        }
        text += &row.to_string();
        text.push('\n');
    }
    if rng.bool() {
        let lease = json!({"lane": "idle", "loop_ts": "I", "acquired_at": stamp_ago(7200)});
        let acquire = json!({"op": "ACQUIRE", "seq": 2_000, "ts": stamp_ago(7200), "lane": "idle",
            "loop_ts": "I", "lease": lease});
        let beat = json!({"op": "HEARTBEAT", "seq": 2_001, "ts": stamp_ago(30), "lane": "idle",
            "loop_ts": "I"});
        for row in [acquire, beat] {
            text += &row.to_string();
            text.push('\n');
        }
    }
    text
}

/// Takes out wording, and times that go on while one looks.
fn settle(ours: &mut Value, theirs: &mut Value) {
    for (list, age) in [("lanes", "heartbeat_age_ms"), ("verdicts", "age_ms")] {
        let pairs = ours[list]
            .as_array_mut()
            .into_iter()
            .flatten()
            .zip(theirs[list].as_array_mut().into_iter().flatten());
        for (ours, theirs) in pairs {
            assert_eq!(ours["liveness_reason"] == "", theirs["liveness_reason"] == "");
            if let (Some(our), Some(their)) = (ours[age].as_i64(), theirs[age].as_i64()) {
                assert!((our - their).abs() < 60_000, "ages {our} and {their}");
                theirs[age] = our.into();
            }
            if let Some(fields) = ours.as_object_mut() {
                fields.remove("liveness_reason");
            }
            if let Some(fields) = theirs.as_object_mut() {
                fields.remove("liveness_reason");
            }
        }
    }
    for side in [ours, theirs] {
        let now = side["now"].take();
        assert!(
            now.as_str().is_some_and(|now| now.len() == 25 && now.ends_with("+00:00")),
            "{now}"
        );
    }
}

#[test]
fn a_frame_shows_what_the_peers_shows() {
    let mut peer = Peer::start();
    let mut seen = String::new();
    for seed in 0..CASES {
        let mut rng = Rng::with_seed(seed);
        let repository = if seed % 3 == 0 { repository() } else { plain_directory() };
        let workspace = &repository.workspace;
        workspace.write("dos.toml", CONFIG);
        workspace.write(LANE_JOURNAL, journal(&mut rng));
        for number in 0..rng.u8(..15) {
            let envelope = json!({
                "verdict": one(&mut rng, &["WEDGE", "accept", "", "DRAIN"]),
                "all_clear": rng.bool(),
                "blocked": rng.bool(),
                "reason_class": one(&mut rng, &["lane_drained", "", "prose here"]),
                "scope": one(&mut rng, &[json!("a/docs cluster (X)"), json!({"label": "src"}), Value::Null]),
                "picks": [{"plan_id": "AUTH", "phase_id": one(&mut rng, &["AUTH1", "AUTH2"])}],
                "ts": stamp_ago(rng.i64(0..100_000)),
            });
            workspace
                .write(&format!(".dos/verdicts/.verdict-{number:02}.json"), envelope.to_string());
        }
        let (mut ours, mut theirs) = (
            workspace.dosd(&["top", "--once", "--json"]).values().remove(0),
            peer.dos(workspace.root(), &["top", "--once", "--json"]).values().remove(0),
        );
        settle(&mut ours, &mut theirs);
        assert_eq!(ours, theirs, "seed {seed}");
        seen += &ours.to_string();
        let text = workspace.dosd(&["top", "--once"]);
        assert_eq!((text.code, text.stderr.as_str()), (0, ""));
        assert!(text.stdout.contains("\nLANES\n"), "{}", text.stdout);
    }
    for mark in ["ADVANCING", "SPINNING", "STALLED", "SPAWNING", "FREE", "✓oracle", "·pending"] {
        assert!(seen.contains(mark), "no generated frame has {mark}");
    }
}

/// A repository in which one phase has shipped.
fn repository() -> Repository {
    let repository = Repository::new();
    repository.commit("AUTH: AUTH1 log in", &["src/login.rs"]);
    repository.commit("something \"else\"\tü", &["src/else.rs"]);
    repository
}

fn plain_directory() -> Repository {
    Repository { workspace: Workspace::new() }
}

fn one<T: Clone>(rng: &mut Rng, from: &[T]) -> T {
    from[rng.usize(..from.len())].clone()
}

#[test]
fn a_workspace_without_anything_has_a_frame_and_keeps_its_emptiness() {
    let workspace = Workspace::new();
    let answer = workspace.dosd(&["top"]);
    assert_eq!((answer.code, answer.stderr.as_str()), (0, ""));
    assert!(
        answer.stdout.contains("main") && answer.stdout.contains("*global"),
        "{}",
        answer.stdout
    );
    let frame = workspace.dosd(&["top", "--json"]).values().remove(0);
    assert_eq!((&frame["initialized"], &frame["activity"]), (&json!(false), &json!([])));
    assert_eq!(std::fs::read_dir(workspace.root()).expect("a directory").count(), 0);
}
