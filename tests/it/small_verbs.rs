//! `lint`, `cooldown` and `reap` beside the peer's, over generated workspaces: same exit code, same
//! JSON. Only the wording is free.

use crate::support::peer::Peer;
use crate::support::workspace::{Answer, Workspace};
use fastrand::Rng;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::fs::{File, FileTimes};
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

const NOW_MS: i64 = 1_795_000_000_000;

fn assert_same(what: &str, ours: &Answer, theirs: &Answer, without: &[&str]) {
    let bare = |answer: &Answer| {
        let mut values = answer.values();
        for value in &mut values {
            strip(value, without);
        }
        values
    };
    assert_eq!(ours.code, theirs.code, "{what}: exit codes\n{}", ours.stderr);
    assert_eq!(bare(ours), bare(theirs), "{what}: dosd and the peer");
}

fn strip(value: &mut Value, without: &[&str]) {
    match value {
        Value::Object(fields) => {
            fields.retain(|key, _| !without.contains(&key.as_str()));
            for value in fields.values_mut() {
                strip(value, without);
            }
        }
        Value::Array(items) => {
            for item in items {
                strip(item, without);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn some<'a>(rng: &mut Rng, from: &[&'a str], most: usize) -> Vec<&'a str> {
    let count = rng.usize(..=most);
    let picked: BTreeSet<&str> = (0..count).map(|_| from[rng.usize(..from.len())]).collect();
    picked.into_iter().collect()
}

/// Lanes of which some make no sense.
fn lanes(rng: &mut Rng) -> String {
    let names = ["api", "web", "docs", "Api", "x"];
    let globs =
        ["src/**", "src/api/**", "SRC/api/x.rs", "docs/**", "**/*", "", "web/", "src\\\\api\\\\y"];
    let mut text = format!(
        "[lanes]\nconcurrent = {:?}\nexclusive = {:?}\nautopick = {:?}\n[lanes.trees]\n",
        some(rng, &names, 4),
        some(rng, &names, 1),
        some(rng, &names, 2)
    );
    // Few globs among many lanes meet more often.
    let few = if rng.bool() { globs.len() } else { 4 };
    for name in some(rng, &names, 9) {
        let list = some(rng, &globs[..few], 3);
        let list: Vec<String> = list.iter().map(|glob| format!("\"{glob}\"")).collect();
        text.extend([name, " = [", &list.join(", "), "]\n"]);
    }
    text += "[lanes.aliases]\n";
    for alias in some(rng, &["a", "b"], 2) {
        text.extend([alias, " = \"", names[rng.usize(..names.len())], "\"\n"]);
    }
    if rng.bool() {
        let see = some(rng, &["lane api", "Lane nowhere", "lane <x>", "oracle y", "lane"], 4);
        text.extend(["[reasons.OWN]\ncategory = \"MISROUTE\"\nsee_also = ", &format!("{see:?}\n")]);
    }
    text
}

#[test]
fn lint_finds_the_same() {
    let mut peer = Peer::start();
    let mut kinds = BTreeSet::new();
    for seed in 0..60 {
        let mut rng = Rng::with_seed(seed);
        let workspace = Workspace::new();
        let text = lanes(&mut rng);
        workspace.write("dos.toml", &text);
        for arguments in [&["lint", "--json"][..], &["lint", "--json", "--strict"]] {
            let ours = workspace.dosd(arguments);
            let theirs = peer.dos(workspace.root(), arguments);
            let what = format!("seed {seed}: {arguments:?}\n{text}");
            assert_same(&what, &ours, &theirs, &["detail", "fix"]);
            let findings = ours.values()[0]["findings"].clone();
            let found = findings.as_array().expect("a list").clone();
            kinds.extend(found.iter().filter_map(|one| Some(one["kind"].as_str()?.to_owned())));
        }
    }
    assert_eq!(kinds.len(), 7, "not every kind was found: {kinds:?}");
}

#[test]
fn lint_of_a_broken_file_is_no_verdict() {
    let workspace = Workspace::new();
    workspace.write("dos.toml", "[lanes]\nconcurrent = 3\n");
    let answer = workspace.dosd(&["lint", "--json"]);
    assert_eq!((answer.code, answer.stdout.as_str()), (2, ""));
    assert!(answer.stderr.contains("dos.toml:2:14: key `lanes.concurrent`"), "{}", answer.stderr);
    workspace.write("dos.toml", "[retentoin]\n");
    let answer = workspace.dosd(&["lint"]);
    assert_eq!(answer.code, 0);
    assert!(answer.stderr.contains("did you mean `[retention]`?"), "{}", answer.stderr);
}

/// An attempt as somebody records it, sometimes oddly.
fn attempt(rng: &mut Rng) -> Map<String, Value> {
    let at_ms = NOW_MS - rng.i64(0..10 * 3_600_000);
    let outcomes =
        ["shipped", "drained", "blocked", "error", " ERROR ", "?", "", "unknown", "drained"];
    let mut row = json!({
        "op": "ATTEMPT",
        "unit_id": if rng.bool() { "U1" } else { "U2" },
        "outcome": outcomes[rng.usize(..outcomes.len())],
        "ts": dosd_kernel::stamp::format_ms(at_ms),
        "schema": {"family": "lane-journal", "version": 1},
    });
    match rng.u8(..12) {
        0 => row["attempted_at_ms"] = json!(at_ms - 5),
        1 => row["attempted_at_ms"] = json!((at_ms - 7).to_string()),
        2 => row["attempted_at_ms"] = json!("never"),
        3 => row["schema"] = json!({"family": "lane-journal", "version": 2}),
        4 => row["schema"] = json!({"family": "other", "version": 1}),
        5 => row["schema"] = json!(1),
        6 => row["op"] = json!("HALT"),
        7 => row["ts"] = json!("yesterday"),
        8 => row["unit_id"] = json!(7),
        9 => row["outcome"] = Value::Null,
        _ => {}
    }
    row.as_object().cloned().expect("an object")
}

#[test]
fn cooldown_decides_alike() {
    let mut peer = Peer::start();
    let now = NOW_MS.to_string();
    let mut verdicts = BTreeSet::new();
    for seed in 0..20 {
        let mut rng = Rng::with_seed(seed);
        let workspace = Workspace::new();
        if rng.bool() {
            workspace
                .write("dos.toml", "[cooldown]\nwindow_hours = 1\nerror_window_minutes = 90\n");
        }
        let rows: Vec<_> = (0..rng.usize(..9)).map(|_| attempt(&mut rng)).collect();
        let lines: String =
            rows.iter().flat_map(|row| [json!(row).to_string(), "\n".into()]).collect();
        workspace.write(".dos/lane-journal.jsonl", lines);
        let given = json!(rows).to_string();
        for unit in ["U1", "U2", "7"] {
            for more in [&[][..], &["--attempts", &given]] {
                let arguments =
                    [&["cooldown", unit, "--json", "--now-ms", &now][..], more].concat();
                let ours = workspace.dosd(&arguments);
                let theirs = peer.dos(workspace.root(), &arguments);
                assert_same(&format!("seed {seed}: {arguments:?}"), &ours, &theirs, &["reason"]);
                verdicts.insert(ours.code);
            }
        }
    }
    assert_eq!(verdicts, [0, 3].into(), "both verdicts were given");
    let workspace = Workspace::new();
    for given in ["{}", "no json"] {
        let arguments = ["cooldown", "U1", "--attempts", given];
        let (ours, theirs) = (workspace.dosd(&arguments), peer.dos(workspace.root(), &arguments));
        assert_eq!((ours.code, theirs.code), (2, 2));
        assert!(ours.stderr.contains("help: pass a list"), "{}", ours.stderr);
    }
}

/// Writes leftovers of every kind, each changed at its own time.
fn leftovers(workspace: &Workspace, rng: &mut Rng) {
    for number in 0..6 {
        let changed = UNIX_EPOCH + Duration::from_secs(rng.u64(1_000_000..1_000_004));
        let set = |path: &Path| {
            let file = File::open(path).expect("the file");
            file.set_times(FileTimes::new().set_modified(changed)).expect("a time");
        };
        set(&workspace.write(&format!(".dos/audits/trajectory-audit-{number}"), ""));
        set(&workspace.write(&format!(".dos/verdicts/p.verdict-{number}.json"), ""));
        workspace.write(&format!(".dos/runs/run-{number}/out.txt"), "");
        set(&workspace.root().join(format!(".dos/runs/run-{number}")));
    }
    workspace.write(".dos/audits/notes.md", "");
    workspace.write(".dos/runs/a-file", "");
}

#[test]
fn reap_removes_the_same() {
    let mut peer = Peer::start();
    for seed in 0..10 {
        let mut rng = Rng::with_seed(seed);
        let caps: Vec<String> =
            (0..3).map(|_| ["0", "1", "3", "\"none\"", "9"][rng.usize(..5)].to_owned()).collect();
        let config = format!(
            "[retention]\nruns_keep_last = {}\nverdicts_keep_last = {}\naudits_keep_last = {}\n",
            caps[0], caps[1], caps[2]
        );
        let sides = [Workspace::new(), Workspace::new()];
        for side in &sides {
            side.write("dos.toml", &config);
            leftovers(side, &mut Rng::with_seed(seed));
        }
        for arguments in [&["reap", "--json"][..], &["reap", "--apply", "--json", "--journal"]] {
            let ours = sides[0].dosd(arguments);
            let theirs = peer.dos(sides[1].root(), arguments);
            let what = format!("seed {seed}: {arguments:?}\n{config}");
            // The peer says that it does not look for live runs; we do.
            assert_same(&what, &ours, &theirs, &["dir", "liveness_unwired"]);
        }
        let names = |side: &Workspace, directory: &str| -> BTreeSet<_> {
            let entries = std::fs::read_dir(side.root().join(".dos").join(directory));
            entries
                .expect("a directory")
                .map(|entry| entry.expect("an entry").file_name())
                .collect()
        };
        for directory in ["audits", "verdicts", "runs"] {
            assert_eq!(names(&sides[0], directory), names(&sides[1], directory), "seed {seed}");
        }
    }
}

#[test]
fn reap_spares_live_runs_and_everything_that_is_no_leftover() {
    let workspace = Workspace::new();
    workspace.write("dos.toml", "[retention]\nruns_keep_last = 0\n");
    workspace.write(".dos/runs/RID-1/out", "");
    workspace.write(".dos/runs/RID-2/out", "");
    let spawn = json!({"op": "SPAWN", "lane": "a", "loop_ts": "t", "run_id": "RID-1", "seq": 1});
    workspace.write(".dos/lane-journal.jsonl", format!("{spawn}\n"));
    let answer = workspace.dosd(&["reap", "--apply", "--json"]).values().remove(0);
    assert_eq!(
        (&answer["runs"]["dropped"], &answer["runs"]["spared"]),
        (&json!(["RID-2"]), &json!(["RID-1"]))
    );
    assert!(workspace.root().join(".dos/runs/RID-1/out").exists());
    workspace.write("dos.toml", "[retention]\nruns_keep_last = 0\n[paths]\nfanout_runs = \".\"\n");
    let answer = workspace.dosd(&["reap", "--apply"]);
    assert_eq!(answer.code, 2);
    assert!(answer.stderr.contains("holds more than runs"), "{}", answer.stderr);
    assert!(workspace.root().join(".dos/runs/RID-1/out").exists());
}
