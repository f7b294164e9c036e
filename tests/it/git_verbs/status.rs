//! `dosd status`.

use super::same;
use super::trace::lines;
use crate::support::peer::Peer;
use crate::support::repository::Repository;
use crate::support::workspace::Workspace;
use serde_json::{Value, json};

const RUN: &str = "RID-1M82S4XZC3MKKR0";
const ALL: [&str; 2] = ["a", "b"];

/// What a ledger holds, given the commits of the history, oldest first.
type Rows = Box<dyn Fn(&[String]) -> Vec<Value>>;

/// A repository with a commit for each step, and a run's ledger over them.
fn run(ledger: impl Fn(&[String]) -> Vec<Value>) -> Repository {
    let repository = Repository::new();
    let commits: Vec<String> = [
        ("start", &["README.md"][..]),
        ("step a", &["src/a.rs"]),
        ("step b", &["docs/b.md"]),
        ("step c, honestly", &[]),
    ]
    .iter()
    .map(|(subject, files)| repository.commit(subject, files))
    .collect();
    let workspace = &repository.workspace;
    workspace.write(&format!(".dos/runs/{RUN}/intent.jsonl"), lines(&ledger(&commits)));
    workspace.write(
        ".dos/lane-journal.jsonl",
        lines(&[
            json!({"op": "ACQUIRE", "lane": "docs", "loop_ts": "L", "ts": "2026-11-22T19:31:25Z",
            "lease": {"lane": "docs", "loop_ts": "L", "run_id": RUN, "tree": ["docs/**", "x"]}}),
        ]),
    );
    repository
}

fn verified(step: &str, sha: &str, via: &str) -> Value {
    json!({"op": "STEP_VERIFIED", "run_id": RUN, "step_id": step, "sha": sha, "via": via})
}

fn declared(start: &str, steps: &[&str], regions: &Value) -> Value {
    json!({"op": "INTENT", "run_id": RUN, "goal": "g", "start_sha": start, "declared_steps": steps,
        "step_regions": regions})
}

#[test]
fn a_run_is_summed_up_as_by_the_peer() {
    let mut peer = Peer::start();
    let mut verdicts = Vec::new();

    let none = json!({});
    let short = |sha: &str| sha[..10].to_owned();
    let ledgers: Vec<Rows> = vec![
        Box::new(|_| vec![]),
        Box::new(|c| vec![declared(&c[0], &ALL, &json!({})), verified("a", &c[1], "file-path")]),
        Box::new(move |c| {
            vec![
                declared(&c[0], &ALL, &json!({"b": ["docs/**"]})),
                verified("a", &short(&c[1]), "file-path"),
                verified("b", &c[2], "registry"),
                json!({"op": "SUSPEND"}),
            ]
        }),
        Box::new(|c| {
            vec![
                declared(&c[0], &ALL, &json!({"b": ["src/**"]})),
                verified("a", &c[1], "file-path"),
                verified("b", &c[2], "file-path"),
            ]
        }),
        Box::new(|c| vec![declared(&c[0], &["c"], &json!({})), verified("c", &c[3], "file-path")]),
        Box::new(|c| vec![declared(&c[0], &["a"], &json!({})), verified("a", &c[1], "direct")]),
        Box::new(|_| {
            let unknown = "0123456789012345678901234567890123456789";
            vec![declared(unknown, &["a"], &json!({})), verified("a", unknown, "file-path")]
        }),
        Box::new(move |c| vec![declared(&c[0], &[], &none), json!({"op": "SUSPEND"})]),
        Box::new(|c| {
            vec![
                declared(&c[0], &["b", "a"], &json!({})),
                verified("a", &c[1], "file-path"),
                json!({"op": "STEP_CLAIMED", "step_id": "b", "sha": c[2]}),
                json!({"op": "RESUME_PROPOSED", "predecessor_run_id": "RID-P"}),
            ]
        }),
        Box::new(|c| {
            let schema = json!({"family": "intent-ledger", "version": 3});
            vec![declared(&c[0], &["a"], &json!({})), json!({"op": "INTENT", "schema": schema})]
        }),
    ];
    for ledger in ledgers {
        let repository = run(ledger);
        for options in [
            &[][..],
            &["--stopped"],
            &["--live"],
            &["--stopped", "--start-sha", "HEAD"],
            &["--lane", "docs", "--loop-ts", "L", "--last-heartbeat-age-ms", "5"],
            &["--stopped", "--live", "--start-sha", "HEAD~1"],
        ] {
            let fixed = ["status", RUN, "--json", "--now-ms", "1795399999000"];
            let answer = same(&mut peer, &repository.workspace, &[&fixed[..], options].concat());
            verdicts.push(answer.values()[0]["resume"]["verdict"].clone());
        }
    }
    for verdict in [json!("RESUMABLE"), json!("COMPLETE"), json!("UNRESUMABLE"), Value::Null] {
        assert!(verdicts.contains(&verdict), "no run is {verdict}");
    }
}

#[test]
fn a_step_that_rests_on_a_moving_name_is_left_to_do() {
    let repository =
        run(|c| vec![declared(&c[0], &["a"], &json!({})), verified("a", "HEAD~2", "file-path")]);
    let answer = repository.workspace.dosd(&["status", RUN, "--stopped", "--json"]);
    assert_eq!(answer.values()[0]["resume"]["residual"], json!(["a"]));
}

#[test]
fn the_answer_is_a_few_lines_for_people() {
    let repository = run(|c| vec![declared(&c[0], &["a"], &json!({}))]);
    let answer = repository.workspace.dosd(&["status", RUN, "--stopped", "--start-sha", "HEAD"]);
    assert_eq!(answer.code, 4, "{answer:?}");
    let lines: Vec<_> = answer.stdout.lines().collect();
    assert!(lines[0].starts_with("STALLED  "), "{lines:?}");
    assert_eq!(lines[2], "region    docs/** x");
    assert_eq!(lines[4], "left      a");
}

#[test]
fn what_is_no_run_id_ends_with_two() {
    let mut peer = Peer::start();
    let workspace = Workspace::new();
    for bad in ["", "RID-", "../x"] {
        assert_eq!(same(&mut peer, &workspace, &["status", bad]).code, 2, "{bad}");
    }
}
