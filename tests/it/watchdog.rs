//! `dosd watch`: the peer's answers and rows, and the promise about stamps that it does not keep.

use crate::support::journals::NOW_MS;
use crate::support::peer::Peer;
use crate::support::repository::Repository;
use crate::support::speaker::Speaker;
use crate::support::workspace::Workspace;
use dosd_kernel::{run_id, stamp};
use serde_json::{Value, json};

const LANE_JOURNAL: &str = ".dos/lane-journal.jsonl";
const MINUTE_MS: i64 = 60_000;

/// A run that began an hour ago.
fn run(entropy: u64) -> String {
    let minted = run_id::mint(NOW_MS - 60 * MINUTE_MS, entropy, "w", None, None);
    minted.expect("a run id").run_id.into()
}

/// A lease's ACQUIRE, an hour ago, and its last beat, so many minutes ago.
fn lease(lane: &str, loop_ts: &str, run_id: Option<&str>, beat_minutes: i64) -> String {
    let at = |minutes: i64| stamp::format_ms(NOW_MS - minutes * MINUTE_MS);
    let mut lease = json!({"lane": lane, "lane_kind": "cluster", "tree": [], "loop_ts": loop_ts,
        "host_id": "here", "pid": 4711, "holder": "w", "acquired_at": at(60)});
    if let Some(run_id) = run_id {
        lease["run_id"] = run_id.into();
    }
    let acquire = json!({"op": "ACQUIRE", "seq": 1, "ts": at(60), "lane": lane,
        "loop_ts": loop_ts, "lease": lease});
    let beat = json!({"op": "HEARTBEAT", "seq": 2, "ts": at(beat_minutes), "lane": lane,
        "loop_ts": loop_ts, "host_id": "here"});
    format!("{acquire}\n{beat}\n")
}

/// The HALT rows of a journal, without wording and what names this moment.
fn halts(workspace: &Workspace) -> Vec<Value> {
    let text = std::fs::read_to_string(workspace.root().join(LANE_JOURNAL)).expect("a journal");
    let rows = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let mut halts: Vec<_> = rows.filter(|row| row["op"] == "HALT").collect();
    for halt in &mut halts {
        assert!(halt["reason"].as_str().is_some_and(|reason| reason.starts_with("watchdog: ")));
        halt["reason"] = Value::Null;
        halt["ts"] = Value::Null;
        // Only rows of ours have a check sum; the peer passes over it.
        if let Some(row) = halt.as_object_mut() {
            row.remove("crc32");
        }
    }
    halts
}

#[test]
fn one_look_reads_and_writes_as_the_peers() {
    let mut peer = Peer::start();
    let now = NOW_MS.to_string();
    let (a, b, c) = (run(1), run(2), run(3));
    let journal = lease("docs", "L1", Some(&a), 5)
        + &lease("src", &b, None, 20)
        + &lease("tests", "L3", Some("RID-1"), 5);
    let specs = [
        format!("{a}::docs:L1:h1"),
        format!("{b}:deadbeef:src:{b}"),
        format!("{c}::docs:L9"),
        c.clone(),
        "RID-1".to_owned(),
    ];
    let tracked: Vec<&str> = specs.iter().flat_map(|spec| ["--track", spec]).collect();
    let many = "7200000";
    let all = |flags: &[&'static str]| [flags, &tracked].concat();
    for flags in [
        vec!["--discover"],
        vec!["--discover", "--budget-ms", "0", "--command", "kill"],
        vec!["--discover", "--max-ticks", "2", "--interval", "0"],
        all(&[]),
        all(&["--command", "stop it", "--budget-ms", many]),
        all(&["--discover", "--max-ticks", "3", "--interval", "0", "--repropose-ms", "0"]),
        all(&["--max-ticks", "0", "--output", "json"]),
    ] {
        let (ours_in, theirs_in) = (Workspace::new(), Workspace::new());
        ours_in.write(LANE_JOURNAL, &journal);
        theirs_in.write(LANE_JOURNAL, &journal);
        let arguments = [&["watch", "--json", "--now-ms", &now][..], &flags].concat();
        let ours = ours_in.dosd(&arguments);
        let theirs = peer.dos(theirs_in.root(), &arguments);
        assert_eq!(ours.code, theirs.code, "{arguments:?}: {}", ours.stderr);
        assert_eq!(ours.values(), theirs.values(), "{arguments:?}");
        assert_eq!(halts(&ours_in), halts(&theirs_in), "{arguments:?}");
    }
    for arguments in [&["watch"][..], &["watch", "--discover"], &["watch", "--track", ":x"]] {
        let (ours_in, theirs_in) = (Workspace::new(), Workspace::new());
        let (ours, theirs) = (ours_in.dosd(arguments), peer.dos(theirs_in.root(), arguments));
        assert_eq!((ours.code, theirs.code), (2, 2), "{arguments:?}");
        assert_eq!(ours.stdout, "");
    }
}

#[test]
fn w_27_a_stamp_with_colons_finds_its_lease() {
    let workspace = Workspace::new();
    let (loop_ts, run) = ("2026-11-22T11:00:05Z", run(1));
    workspace.write(LANE_JOURNAL, lease("docs", loop_ts, None, 5));
    let now = NOW_MS.to_string();
    let look = |spec: &str| {
        let arguments = ["watch", "--track", spec, "--now-ms", &now, "--json"];
        workspace.dosd(&arguments).values().remove(0)
    };
    // The lease's beat is 5 minutes old: the run lives, so it spins and has not stalled.
    let found = look(&format!("{run}::docs:{loop_ts}:4711"));
    assert_eq!(found["spinning"], json!([run]));
    let row = halts(&workspace).pop().expect("a proposal");
    assert_eq!((&row["loop_ts"], &row["handle"]), (&json!(loop_ts), &json!("4711")));
    let found = look(&format!("{run}::docs:another-loop:4711"));
    assert_eq!(found["verdicts"], json!({run: "STALLED"}));
}

#[test]
fn commits_after_its_start_keep_a_run_from_being_halted() {
    let repository = Repository::new();
    let start = repository.commit("first", &["a"]);
    let (run, now) = (run(1), NOW_MS.to_string());
    let verdict = |start: &str| {
        let spec = format!("{run}:{start}");
        let arguments = ["watch", "--track", &spec, "--now-ms", &now, "--json"];
        let answer = repository.workspace.dosd(&arguments);
        (answer.values().remove(0)["verdicts"][&run].clone(), answer.stderr)
    };
    assert_eq!(verdict(&start).0, "STALLED");
    repository.commit("second", &["a"]);
    assert_eq!(verdict(&start), (json!("ADVANCING"), String::new()));
    let (unknown, told) = verdict("feed");
    assert_eq!(unknown, "STALLED");
    assert!(told.contains("no commit counts"), "{told}");
}

#[test]
fn watching_goes_on_until_an_interrupt_and_finds_new_leases() {
    let workspace = Workspace::new();
    workspace.write(LANE_JOURNAL, lease("docs", "L1", Some(&run(1)), 5));
    let now = NOW_MS.to_string();
    let arguments = ["watch", "--discover", "--watch", "--interval", "0.01", "--now-ms", &now];
    let speaker = Speaker::start(&workspace, &[&arguments[..], &["--output", "terse"]].concat());
    speaker.wait_for("the first look", |line| line.ends_with(&format!("halt?={}", run(1))));
    speaker.wait_for("another look", |line| line == "1 watched 0 advancing 1 spinning");
    let aside = workspace.write(
        ".dos/aside",
        lease("docs", "L1", Some(&run(1)), 5) + &lease("src", "L2", Some(&run(2)), 5),
    );
    std::fs::rename(aside, workspace.root().join(LANE_JOURNAL)).expect("a journal");
    speaker.wait_for("the new lease", |line| line.ends_with(&format!("halt?={}", run(2))));
    assert_eq!(speaker.interrupt(), Some(0));
}
