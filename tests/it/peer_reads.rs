//! The reading verbs beside the peer's, on generated journals: same exit code, same JSON. Only the
//! wording of reasons is free.

use crate::support::journals::{self, NOW_MS};
use crate::support::peer::{Job, PeerRunner};
use crate::support::workspace::{Answer, Workspace};
use fastrand::Rng;
use serde_json::Value;

const CASES: u64 = 40;

/// Configurations that both implementations read in the same way.
const CONFIGS: [&str; 5] = [
    "",
    "[lanes]\nconcurrent = [\"docs\", \"src\", \"tests\"]\nexclusive = [\"global\"]\n\
     autopick = [\"docs\", \"src\"]\n[lanes.trees]\ndocs = [\"docs/**\"]\nsrc = [\"src/**\"]\n\
     tests = [\"tests/**\"]\nglobal = [\"**/*\"]\n[supervise]\ntarget = 3\n",
    "[lanes]\nconcurrent = [\"docs\", \"src\"]\nexclusive = [\"global\"]\n[lanes.trees]\n\
     docs = [\"docs/**\"]\nsrc = [\"docs/api/**\"]\nglobal = [\"**/*\"]\n[supervise]\ntarget = 2\n\
     spin_halt_after_ms = 60000\nreap_stalled = false\n",
    "[lanes]\nconcurrent = []\nexclusive = [\"global\"]\nautopick = []\n[lanes.trees]\n\
     global = [\"**/*\"]\n[supervise]\ntarget = 4\nmax_concurrency = 5\n\
     count_spinning_as_alive = false\n",
    "[paths]\nlane_journal = \"state/lanes.jsonl\"\nverdict_journal = \"state/verdicts.jsonl\"\n",
];

/// One generated workspace; the same seed always gives the same one.
struct Case {
    seed: u64,
    workspace: Workspace,
}

impl Case {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let workspace = Workspace::new();
        let config = CONFIGS[rng.usize(..CONFIGS.len())];
        if !config.is_empty() {
            workspace.write("dos.toml", config);
        }
        // The first case is a workspace in which nothing was written yet.
        if seed > 0 {
            let at = if config.contains("[paths]") {
                ["state/lanes.jsonl", "state/verdicts.jsonl"]
            } else {
                [".dos/lane-journal.jsonl", ".dos/verdict-journal.jsonl"]
            };
            workspace.write(at[0], journals::lanes(&mut rng));
            workspace.write(at[1], journals::verdicts(&mut rng));
        }
        Self { seed, workspace }
    }

    /// Runs one command line on both sides and compares what came out.
    fn compare(&self, peer: &mut PeerRunner, arguments: &[&str]) -> Answer {
        let theirs = peer.dos(self.workspace.root(), arguments);
        let ours = self.workspace.dosd(arguments);
        assert_same(&format!("seed {}: {arguments:?}", self.seed), &ours, &theirs);
        ours
    }
}

fn assert_same(what: &str, ours: &Answer, theirs: &Answer) {
    assert_eq!(ours.code, theirs.code, "{what}: exit codes of dosd and the peer\n{}", ours.stderr);
    let (mut ours, mut theirs) = (ours.values(), theirs.values());
    ours.iter_mut().for_each(without_wording);
    theirs.iter_mut().for_each(without_wording);
    for (ours, theirs) in ours.iter_mut().zip(&mut theirs) {
        forgive_invented_stamps(ours, theirs);
    }
    assert_eq!(ours.len(), theirs.len(), "{what}: number of values");
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert_eq!(ours, theirs, "{what}: dosd and the peer");
    }
}

/// Takes out the `reason`s of a plan and of a verdict; a journal row's own `reason` stays.
fn without_wording(answer: &mut Value) {
    let Value::Object(fields) = answer else { return };
    if !fields.contains_key("verdict") || fields.contains_key("op") {
        return;
    }
    fields.remove("reason");
    for list in ["spawn", "reap", "flag", "proposed_halt"] {
        let items = fields.get_mut(list).and_then(Value::as_array_mut);
        for item in items.into_iter().flatten().filter_map(Value::as_object_mut) {
            item.remove("reason");
        }
    }
}

/// An event without a stamp shows none here; the peer shows the time at which it prints.
fn forgive_invented_stamps(ours: &Value, theirs: &mut Value) {
    let events = theirs.get_mut("events").and_then(Value::as_array_mut);
    for (index, event) in events.into_iter().flatten().enumerate() {
        if ours["events"][index]["ts"] == "" {
            event["ts"] = "".into();
        }
    }
}

#[test]
fn lane_journals_read_alike() {
    let mut peer = PeerRunner::start();
    let now = NOW_MS.to_string();
    let mut plans = String::new();
    for seed in 0..CASES {
        let case = Case::new(seed);
        case.compare(&mut peer, &["lease-lane", "live"]);
        case.compare(&mut peer, &["journal", "replay"]);
        case.compare(&mut peer, &["journal", "seq"]);
        plans += &case.compare(&mut peer, &["loop", "--json", "--now-ms", &now]).stdout;
        let mut rng = Rng::with_seed(seed);
        let count = rng.i64(-2..70).to_string();
        case.compare(&mut peer, &["journal", "tail", &count]);
        let (target, limit) = (rng.u8(..6).to_string(), rng.u8(1..6).to_string());
        let later = (NOW_MS + rng.i64(0..2_400_000)).to_string();
        let limits = ["--target", &target, "--max-concurrency", &limit];
        let arguments = [&["loop", "--json", "--now-ms", &later][..], &limits].concat();
        plans += &case.compare(&mut peer, &arguments).stdout;
    }
    for token in ["AT_TARGET", "OVER_TARGET", "TARGET_UNREACHABLE", "ADVANCING", "SPINNING"] {
        assert!(plans.contains(&format!("\"{token}\"")), "no generated plan has {token}");
    }
}

#[test]
fn verdict_journals_read_alike() {
    let mut peer = PeerRunner::start();
    for seed in 0..CASES {
        let case = Case::new(seed);
        case.compare(&mut peer, &["observe", "--json"]);
        let mut rng = Rng::with_seed(seed);
        let by = ["syscall", "verdict", "run_id", "lane", "source"][rng.usize(..5)];
        let tail = rng.i64(-2..12).to_string();
        case.compare(&mut peer, &["observe", "--json", "--by", by, "--tail", &tail]);
        case.compare(&mut peer, &["observe", "--json", "--run", "RID-1", "--syscall", "liveness"]);
        case.compare(&mut peer, &["observe", "--json", "--run", "RID-0"]);
    }
}

#[test]
fn witnesses_judge_alike() {
    let mut peer = PeerRunner::start();
    let workspace = Workspace::new();
    workspace.write("before.json", r#"{"a": 1, "b": 2, "c": 3, "o": {"x": [1]}}"#);
    workspace.write("after.json", r#"{"a": 1.0, "b": 3, "d": [1], "o": {"x": [1.0]}}"#);
    workspace.write("list.json", "[1]");
    for (key, before, after) in [
        ("a", "before.json", "after.json"),
        ("b", "before.json", "after.json"),
        ("c", "before.json", "after.json"),
        (" d ", "before.json", "after.json"),
        ("", "before.json", "after.json"),
        ("d", "before.json", "list.json"),
        ("d", "missing.json", "after.json"),
    ] {
        for rung in [&[][..], &["--third-party"]] {
            let mut arguments =
                vec![key, "--before", before, "--after", after, "--narrated", "done", "--json"];
            arguments.extend(rung);
            let theirs = peer.main("dos.drivers.state_diff", workspace.root(), &arguments);
            arguments.insert(0, "witness");
            let ours = workspace.dosd(&arguments);
            assert_same(&format!("{arguments:?}"), &ours, &theirs);
        }
    }
}

#[test]
fn run_ids_have_the_same_shape() {
    let mut peer = PeerRunner::start();
    let workspace = Workspace::new();
    for arguments in [
        &["run-id", "mint", "fanout"][..],
        &["run-id", "mint", "PROC-fanout", "--parent", "RID-P", "--root", "RID-R"],
        &["run-id", "mint", "fanout", "--root", "RID-R"],
    ] {
        let (mut ours, mut theirs) =
            (workspace.dosd(arguments), peer.dos(workspace.root(), arguments));
        for answer in [&mut ours, &mut theirs] {
            let value = answer.values().remove(0);
            let (id, ts_ms) = (value["run_id"].as_str().expect("an id"), &value["ts_ms"]);
            assert_eq!(id.len(), "RID-".len() + 15, "{id}");
            assert_eq!(dosd_kernel::run_id::decode(id), ts_ms.as_i64(), "{id}");
            answer.stdout = answer.stdout.replace(id, "ID").replace(&ts_ms.to_string(), "0");
        }
        assert_same(&format!("{arguments:?}"), &ours, &theirs);
    }
}

#[test]
fn usage_errors_end_alike() {
    let mut peer = PeerRunner::start();
    let workspace = Workspace::new();
    for arguments in [
        &[][..],
        &["journal"],
        &["lease-lane"],
        &["no-such-verb"],
        &["journal", "tail", "many"],
        &["observe", "--by", "colour"],
        &["loop", "--now-ms", "soon"],
    ] {
        let (ours, theirs) = (workspace.dosd(arguments), peer.dos(workspace.root(), arguments));
        assert_eq!((ours.code, theirs.code), (2, 2), "{arguments:?}");
        assert_eq!(ours.stdout, "", "{arguments:?} prints nothing on standard output");
    }
}

#[test]
fn forked_answers_are_those_of_real_processes() {
    let mut peer = PeerRunner::start();
    let case = Case::new(7);
    for arguments in [
        &["journal", "replay"][..],
        // Its JSON gives rows without a time the moment of the question.
        &["observe"],
        &["loop", "--json", "--now-ms", "1795348800000"],
        &["lint", "--json"],
        &["exit-codes"],
        &["journal", "tail", "many"],
        &["verify", "PLAN", "P1", "--json"],
        &[],
    ] {
        let job = Job {
            environment: &[("DISPATCH_HOST_ID", "elsewhere")],
            ..Job::dos(case.workspace.root(), arguments)
        };
        assert_eq!(peer.run(&job), peer.process(&job), "{arguments:?}");
    }
}

#[test]
fn raced_answers_come_in_the_order_of_the_jobs() {
    let mut peer = PeerRunner::start();
    let places: Vec<_> = (0..4).map(Case::new).collect();
    let jobs: Vec<_> =
        places.iter().map(|case| Job::dos(case.workspace.root(), &["journal", "seq"])).collect();
    let (raced, ours) = peer.race(&jobs, || places[1].workspace.dosd(&["journal", "seq"]));
    let alone: Vec<_> = jobs.iter().map(|job| peer.run(job)).collect();
    assert_eq!(raced, alone);
    assert_eq!(ours.stdout, alone[1].stdout);
    assert_ne!(alone[0].stdout, alone[1].stdout, "the workspaces can be told apart");
}
