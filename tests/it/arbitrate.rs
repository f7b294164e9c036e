//! `dosd arbitrate`: the peer's answers where both agree what a collision is, and ours where the peer
//! is wrong.

use crate::support::peer::Peer;
use crate::support::workspace::{Answer, Workspace};
use dosd_actors::port::{Clock, SystemClock};
use dosd_kernel::stamp::format_ms;
use fastrand::Rng;
use serde_json::{Value, json};
use std::process::Command;

const CASES: u64 = 150;
const HOST: &str = "this-host";
const MINUTE_MS: i64 = 60_000;

const LANES: &str = "[lanes]\nconcurrent = [\"src\", \"docs\", \"Api\"]\n\
    exclusive = [\"global\", \"infra\"]\nautopick = [\"docs\", \"tests\", \"src\"]\n[lanes.trees]\n\
    src = [\"src/**\"]\ndocs = [\"docs/**\", \"README*\"]\nApi = [\"api/**\"]\n\
    global = [\"**/*\"]\n[lanes.aliases]\ncore = \"src\"\n";

const NAMES: [&str; 8] = ["src", "docs", "Api", "api", "infra", "global", "core", "nope"];
const GLOBS: [&str; 8] =
    ["src/**", "src/parser/**", "docs/**", "api/v1.rs", "Docs/a*", "tests/**", "*.py", "b\\c"];

fn pick<'a>(rng: &mut Rng, from: &[&'a str]) -> &'a str {
    from[rng.usize(..from.len())]
}

/// At most two globs: of so few, the peer admits none that collides, as we do.
fn tree(rng: &mut Rng) -> Vec<&'static str> {
    (0..rng.usize(..3)).map(|_| pick(rng, &GLOBS)).collect()
}

fn leases(rng: &mut Rng) -> Value {
    let lease = |rng: &mut Rng| {
        let lane = pick(rng, &NAMES);
        // A lease of a lane that runs alone says so in its kind: the peer looks nowhere else.
        let kind = match lane {
            "infra" | "global" => lane,
            _ => pick(rng, &["cluster", "keyword"]),
        };
        json!({"lane": lane, "lane_kind": kind, "tree": tree(rng), "loop_ts": "t", "holder": "w"})
    };
    (0..rng.usize(..4)).map(|_| lease(rng)).collect()
}

fn request(rng: &mut Rng) -> Vec<String> {
    let mut words = vec!["arbitrate".to_owned()];
    let kinds = ["cluster", "cluster", "keyword", "keyword", "global", "infra", "infra", "other"];
    for (option, values) in [("--lane", &NAMES[..]), ("--kind", &kinds[..])] {
        if rng.u8(..5) > 0 {
            words.extend([option.to_owned(), pick(rng, values).to_owned()]);
        }
    }
    if rng.bool() {
        words.push("--tree".to_owned());
        words.extend(tree(rng).into_iter().map(str::to_owned));
    }
    for (flag, one_in) in [("--force", 6), ("--pretty", 5)] {
        if rng.u8(..one_in) == 0 {
            words.push(flag.to_owned());
        }
    }
    words.extend(["--leases".to_owned(), leases(rng).to_string()]);
    words
}

fn without_reason(answer: &Answer) -> Value {
    let mut value = answer.values().remove(0);
    let reason = value.as_object_mut().and_then(|fields| fields.remove("reason"));
    assert!(reason.is_some_and(|reason| reason.is_string()), "{answer:?}");
    value
}

#[test]
fn requests_are_decided_alike() {
    let mut peer = Peer::start();
    let workspace = Workspace::new();
    let mut outcomes = String::new();
    for seed in 0..CASES {
        let mut rng = Rng::with_seed(seed);
        let config = if rng.u8(..5) == 0 { "" } else { LANES };
        workspace.write("dos.toml", config);
        let words = request(&mut rng);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let ours = workspace.dosd(&words);
        let theirs = peer.dos(workspace.root(), &words);
        assert_eq!(ours.code, theirs.code, "seed {seed}: {words:?}: {ours:?} {theirs:?}");
        assert_eq!(without_reason(&ours), without_reason(&theirs), "seed {seed}: {words:?}");
        outcomes.push_str(ours.values()[0]["outcome"].as_str().expect("a text"));
    }
    assert!(outcomes.contains("acquire") && outcomes.contains("refuse"), "{outcomes}");
}

#[test]
fn a_lane_with_capitals_is_held_once() {
    let mut peer = Peer::start();
    let workspace = Workspace::new();
    let config = "[lanes]\nautopick = [\"Api\"]\n[lanes.trees]\nApi = [\"api/**\"]\n";
    workspace.write("dos.toml", config);
    let words = ["arbitrate", "--leases", r#"[{"lane":"Api","lane_kind":"cluster","tree":[]}]"#];
    assert_eq!(workspace.dosd(&words).code, 1);
    assert_eq!(peer.dos(workspace.root(), &words).code, 0, "the peer grants it twice");
}

#[test]
fn a_contract_error_is_no_refusal() {
    let mut peer = Peer::start();
    let workspace = Workspace::new();
    for words in [
        &["--leases", "{}"][..],
        &["--leases", "nonsense"],
        &["--class-budget", "cluster"],
        &["--class-budget", "=1"],
        &["--class-budget", "cluster=x"],
        &["--output", "nope"],
        &["--json"],
    ] {
        let words = [&["arbitrate"], words].concat();
        let ours = workspace.dosd(&words);
        assert_eq!((ours.code, ours.stdout.as_str()), (2, ""), "{words:?}");
        assert_eq!(peer.dos(workspace.root(), &words).code, 2, "{words:?}");
        assert!(!ours.stderr.is_empty());
    }
    // The peer crashes here, with the code of a refusal.
    let ours = workspace.dosd(&["arbitrate", "--leases", "[1]"]);
    assert_eq!((ours.code, ours.stdout.as_str()), (2, ""));
}

/// A workspace whose journal holds one lease on `src`, acquired so long ago.
fn held(age_ms: i64, lease: &Value) -> Workspace {
    let workspace = Workspace::new();
    workspace.write("dos.toml", LANES);
    let ts = format_ms(SystemClock::new().now_ms() - age_ms);
    let mut fields = json!({"lane": "src", "lane_kind": "cluster", "tree": ["src/**"],
        "loop_ts": "t", "holder": "w", "host_id": HOST, "acquired_at": ts});
    fields.as_object_mut().expect("an object").extend(lease.as_object().cloned().expect("one"));
    let row = json!({"op": "ACQUIRE", "seq": 1, "ts": ts, "lane": "src", "loop_ts": "t", "lease": fields});
    workspace.write(".dos/lane-journal.jsonl", format!("{row}\n"));
    workspace
}

fn outcome(workspace: &Workspace, words: &[&str]) -> Option<i32> {
    let mut command = workspace.command(&[&["arbitrate"], words].concat());
    command.env("DISPATCH_HOST_ID", HOST).output().expect("dosd starts").status.code()
}

#[test]
fn w_5_a_crashed_holder_does_not_block_for_ever() {
    let mut dead = Command::new("true").spawn().expect("it starts");
    let pid = dead.id();
    dead.wait().expect("it ends");
    let wish = ["--lane", "src", "--kind", "keyword"];
    let nobody = json!({});
    let on_time = |minutes: i64, lease: &Value| outcome(&held(minutes * MINUTE_MS, lease), &wish);
    assert_eq!(on_time(30, &nobody), Some(1));
    assert_eq!(on_time(60, &nobody), Some(0));
    assert_eq!(on_time(60, &json!({"ttl_minutes": 100})), Some(1));
    // Its process is gone; that is believed past the grace, and about this host only.
    assert_eq!(on_time(2, &json!({"pid": pid})), Some(1));
    assert_eq!(on_time(30, &json!({"pid": pid})), Some(0));
    assert_eq!(on_time(30, &json!({"pid": pid, "host_id": "elsewhere"})), Some(1));
    assert_eq!(on_time(30, &json!({"pid": std::process::id()})), Some(1));
    // A fresh beat protects, whatever else is said.
    let beaten = format_ms(SystemClock::new().now_ms());
    assert_eq!(on_time(600, &json!({"pid": pid, "heartbeat_at": beaten})), Some(1));

    let mut peer = Peer::start();
    let workspace = held(600 * MINUTE_MS, &nobody);
    let theirs = peer.dos(workspace.root(), &[&["arbitrate"], &wish[..]].concat());
    assert_eq!(theirs.code, 1, "the peer is cured: {theirs:?}");
}

#[test]
fn a_small_overlap_is_an_overlap() {
    let mut peer = Peer::start();
    let workspace = held(0, &json!({}));
    let words =
        ["arbitrate", "--lane", "fix", "--kind", "keyword", "--tree", "src/a.rs", "x/**", "y/**"];
    assert_eq!(workspace.dosd(&words).code, 1);
    assert_eq!(peer.dos(workspace.root(), &words).code, 0, "the peer lets a third pass");
}

#[test]
fn a_class_budget_is_kept() {
    let workspace = held(0, &json!({}));
    assert_eq!(outcome(&workspace, &["--class-budget", "cluster=2"]), Some(0));
    assert_eq!(outcome(&workspace, &["--class-budget", "cluster=1"]), Some(1));
    let answer = workspace.dosd(&["arbitrate", "--class-budget", "cluster=1"]);
    let reason = answer.values()[0]["reason"].to_string();
    assert!(reason.starts_with("\"CLASS_BUDGET_EXHAUSTED: "), "{reason}");
    let named = ["--lane", "docs", "--kind", "cluster", "--class-budget", "cluster=1"];
    assert_eq!(outcome(&workspace, &named), Some(0));
}

#[test]
fn a_decision_comes_in_the_form_that_is_asked_for() {
    let workspace = held(0, &json!({}));
    let say = |words: &[&str]| workspace.dosd(&[&["arbitrate"], words].concat()).stdout;
    let plain = say(&["--output", "plain"]);
    assert_eq!(plain, "yes: work can start on lane `docs`, picked for you\n");
    let explained = say(&["--explain"]);
    let (decision, step) = explained.trim_end().split_once('\n').expect("two lines");
    let decision: Value = serde_json::from_str(decision).expect("JSON");
    assert_eq!((&decision["lane"], decision["pick_count"].is_null()), (&json!("docs"), true));
    assert!(step.starts_with("GO: "), "{step}");
    let json = say(&["--lane", "src", "--kind", "keyword", "--explain", "--output", "json"]);
    let decision: Value = serde_json::from_str(&json).expect("JSON");
    let step = decision["interpretation"].as_str().expect("a text");
    assert!(step.starts_with("STOP: ") && step.contains("`docs`, `tests`"), "{step}");
    assert_eq!(std::fs::read_dir(workspace.root()).expect("a directory").count(), 2, "it wrote");
}

#[test]
fn exit_codes_are_published_alike() {
    let mut peer = Peer::start();
    let workspace = Workspace::new();
    let ours = workspace.dosd(&["exit-codes", "--json"]).values().remove(0);
    let theirs = peer.dos(workspace.root(), &["exit-codes", "--json"]).values().remove(0);
    let ours = ours.as_object().expect("an object");
    assert!(ours.contains_key("arbitrate"));
    for (verb, codes) in ours {
        let alone = workspace.dosd(&["exit-codes", verb, "--json"]).values().remove(0);
        assert_eq!(alone, json!({verb: codes}));
        if let Some(published) = theirs.get(verb) {
            assert_eq!(codes, published, "{verb}");
        }
    }
    let unknown = workspace.dosd(&["exit-codes", "loop"]);
    assert_eq!((unknown.code, peer.dos(workspace.root(), &["exit-codes", "loop"]).code), (2, 2));
    assert!(unknown.stderr.contains("arbitrate"), "{}", unknown.stderr);
    let text = workspace.dosd(&["exit-codes", "arbitrate"]).stdout;
    assert!(text.starts_with("dosd arbitrate\n  0  acquire\n  1  refuse\n  2  "), "{text}");
}
