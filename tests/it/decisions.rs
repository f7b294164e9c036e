//! `dosd decisions` beside the peer's, on generated refusals, halts and verdict envelopes.

use crate::support::journals;
use crate::support::peer::Peer;
use crate::support::workspace::Workspace;
use dosd_actors::port::{Clock, SystemClock};
use dosd_kernel::stamp;
use fastrand::Rng;
use serde_json::{Value, json};

const LANE_JOURNAL: &str = ".dos/lane-journal.jsonl";
const CASES: u64 = 16;

/// Configurations, and where verdict envelopes are under each.
const CONFIGS: [(&str, &str); 3] = [
    ("", ".dos/verdicts"),
    ("[retention]\njournal_max_age_days = 0.5\n", ".dos/verdicts"),
    (
        "[paths]\nnext_packets = \"packets\"\n[reasons.NEW_TOKEN]\ncategory = \"STALE_CLAIM\"\n\
         refusal = false\n",
        "packets",
    ),
];

/// Rows that ask for a decision, and rows that settle some of them, around this moment.
fn journal(rng: &mut Rng) -> String {
    let mut text = if rng.bool() { journals::lanes(rng) } else { String::new() };
    text.truncate(text.rfind('\n').map_or(0, |last| last + 1));
    for seq in 1_000..1_000 + rng.i64(0..25) {
        let row = row(rng, seq);
        text += &row.to_string();
        text.push('\n');
    }
    text
}

fn row(rng: &mut Rng, seq: i64) -> Value {
    let ago_ms = one(rng, &[60_000, 7_200_000, 2_000_000_000, 3_000_000_000_i64]);
    let lane = one(rng, &["docs", "src", "tests", "a/docs cluster (X, Y)", ""]);
    let mut row = json!({"seq": seq, "ts": stamp::format_ms(now_ms() - ago_ms), "lane": lane,
        "loop_ts": "L", "op": one(rng, &["REFUSE", "REFUSE", "REFUSE", "HALT", "HALT", "RELEASE",
        "SCAVENGE", "ACQUIRE", "HEARTBEAT"])});
    row["reason"] = one(
        rng,
        &[
            "lane 'docs' is already held by a live loop",
            "overlap too large (2/3 = 66% over the threshold)",
            "exact-glob overlap on src/**",
            "REFUSED: nobody asked",
            "refusedly",
            "CLASS_BUDGET_EXHAUSTED: 3 of 3",
            "any other reason",
            "any other reason",
        ],
    )
    .into();
    row["reason_class"] =
        one(rng, &["", "", "LANE_DRAINED", "unknown_lane", "Some prose here", "NEW_TOKEN"]).into();
    if rng.bool() {
        row["blocking_trees"] = json!({"src": ["src/**"]});
    }
    if row["op"] == "HALT" {
        row["handle"] = one(rng, &[json!("4711"), json!(""), json!(7)]);
        row["command"] = one(rng, &[json!("kill 4711"), Value::Null]);
        row["run_id"] = one(rng, &[json!("RID-1"), Value::Null]);
    }
    match rng.u8(..20) {
        0 => row["seq"] = Value::Null,
        1 => drop(row.as_object_mut().map(|row| row.remove("ts"))),
        2 => row["root_id"] = "RID-ROOT".into(),
        _ => {}
    }
    row
}

fn envelope(rng: &mut Rng) -> Value {
    let mut envelope = json!({});
    for (key, values) in [
        ("verdict", [json!("WEDGE"), json!("accept"), json!("LIVE"), json!("")]),
        ("reason_class", [json!("LANE_DRAINED"), json!("prose here"), Value::Null, json!("")]),
        ("blocked", [json!(true), json!(false), json!(0), json!("yes")]),
        ("all_clear", [json!(true), json!(false), json!(null), json!([])]),
        ("do_not_render", [json!(true), json!(false), json!(false), json!({})]),
        ("scope", [json!("apply cluster (A)"), json!({"lane": "docs"}), json!(null), json!(3)]),
        ("lane", [json!("src"), json!("a/b"), json!(null), json!("")]),
        ("reason", [json!("because"), json!(""), json!("ü".repeat(400)), json!(null)]),
        ("run_ts", [json!("20261122T1000Z"), json!(""), json!(null), json!("x")]),
        (
            "generated_at",
            ["-1", "0", "1", "2"].map(|hours| {
                let hours: i64 = hours.parse().expect("a number");
                json!(stamp::format_ms(now_ms() - hours * 3_600_000).replace('Z', "+00:00"))
            }),
        ),
    ] {
        if rng.bool() {
            envelope[key] = one(rng, &values);
        }
    }
    envelope
}

/// The machine's time: the peer reads it too.
fn now_ms() -> i64 {
    SystemClock::new().now_ms()
}

fn one<T: Clone>(rng: &mut Rng, from: &[T]) -> T {
    from[rng.usize(..from.len())].clone()
}

/// Takes out wording, and ages when both are within a few seconds of each other.
fn settle_wording(ours: &mut Value, theirs: &mut Value) {
    let pairs =
        ours.as_array_mut().into_iter().flatten().zip(theirs.as_array_mut().into_iter().flatten());
    for (ours, theirs) in pairs {
        if let (Some(our), Some(their)) =
            (ours["age_seconds"].as_i64(), theirs["age_seconds"].as_i64())
        {
            assert!((our - their).abs() < 60, "ages {our} and {their}");
            ours["age_seconds"] = their.into();
        }
        for side in [ours, theirs] {
            for text in side["evidence"].as_array_mut().into_iter().flatten() {
                if text.as_str().is_some_and(|text| text.starts_with("recovered: ")) {
                    *text = "recovered".into();
                }
                if *text == "journal seq #None" {
                    *text = "journal seq #?".into();
                }
            }
        }
    }
}

#[test]
fn the_same_decisions_wait_as_with_the_peer() {
    let mut peer = Peer::start();
    let mut seen = String::new();
    for seed in 0..CASES {
        let mut rng = Rng::with_seed(seed);
        let workspace = Workspace::new();
        let (config, verdicts) = one(&mut rng, &CONFIGS);
        if !config.is_empty() {
            workspace.write("dos.toml", config);
        }
        workspace.write(LANE_JOURNAL, journal(&mut rng));
        for number in 0..rng.u8(..5) {
            let envelope = envelope(&mut rng).to_string();
            workspace.write(&format!("{verdicts}/.verdict-{number}.json"), envelope);
        }
        for arguments in [
            &["decisions", "--json"][..],
            &["decisions", "--all", "--json"],
            &["decisions", "--all", "--output", "json"],
        ] {
            let (ours, mut theirs) =
                (workspace.dosd(arguments), peer.dos(workspace.root(), arguments));
            // An object where text is meant: Python shows it in its own notation.
            theirs.stdout = theirs.stdout.replace("{'pid': 7}", r#"{\"pid\":7}"#);
            let what = format!("seed {seed}: {arguments:?}");
            assert_eq!(ours.code, theirs.code, "{what}: {}", ours.stderr);
            let (mut ours, mut theirs) = (ours.values().remove(0), theirs.values().remove(0));
            settle_wording(&mut ours, &mut theirs);
            assert_eq!(ours, theirs, "{what}");
            seen += &ours.to_string();
        }
        for arguments in [&["decisions", "show", "1"][..], &["decisions", "show", "99"]] {
            let (ours, theirs) = (workspace.dosd(arguments), peer.dos(workspace.root(), arguments));
            assert_eq!(ours.code, theirs.code, "seed {seed}: {arguments:?}");
        }
    }
    for token in [
        "LIVENESS",
        "ARBITER_REFUSE",
        "PREFLIGHT_REFUSE",
        "WEDGE",
        "BACKPRESSURE",
        "HUMAN",
        "JUDGE",
        "ORACLE",
    ] {
        assert!(seen.contains(&format!("\"{token}\"")), "no generated decision has {token}");
    }
}

#[test]
fn decisions_are_listed_and_shown_for_people() {
    let workspace = Workspace::new();
    let answer = workspace.dosd(&["decisions"]);
    assert_eq!((answer.code, answer.stdout.as_str()), (0, "nothing waits for a decision\n"));
    assert_eq!(workspace.dosd(&["decisions", "2"]).code, 1);
    assert_eq!(workspace.dosd(&["decisions", "second"]).code, 2);
    let row = json!({"op": "REFUSE", "seq": 1, "lane": "docs", "reason": "no tree",
        "ts": stamp::format_ms(now_ms() - 120_000)});
    workspace.write(LANE_JOURNAL, format!("{row}\n{row}\n"));
    let list = workspace.dosd(&["decisions", "--no-tui"]).stdout;
    assert!(list.starts_with("  1    2m  ARBITER_REFUSE") && list.contains("(2 times)"), "{list}");
    let shown = workspace.dosd(&["decisions", "show", "1"]);
    assert_eq!(shown.code, 0);
    assert!(shown.stdout.contains("EVIDENCE  journal seq #1\n"), "{}", shown.stdout);
    assert_eq!(workspace.dosd(&["decisions", "show", "2"]).code, 2);
    let line = workspace.dosd(&["decisions", "--output", "terse"]).stdout;
    assert_eq!(line, "ARBITER_REFUSE HUMAN docs no tree\n");
}
