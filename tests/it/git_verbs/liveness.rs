//! `dosd liveness`.

use super::same;
use crate::support::journals::{self, NOW_MS};
use crate::support::peer::Peer;
use crate::support::repository::Repository;
use crate::support::workspace::Workspace;
use dosd_kernel::run_id;
use fastrand::Rng;

const LANE_JOURNAL: &str = ".dos/lane-journal.jsonl";

/// A run that began so many milliseconds before the tests' present.
fn run(age_ms: i64) -> String {
    let lineage = run_id::mint(NOW_MS - age_ms, 7, "test", None, None).expect("a run");
    lineage.run_id.to_string()
}

#[test]
fn the_evidence_and_the_verdict_are_the_peers() {
    let mut peer = Peer::start();
    let repository = Repository::new();
    let start = repository.commit("one", &[]);
    repository.commit("two", &[]);
    let now = NOW_MS.to_string();
    let (young, old) = (run(60_000), run(3_600_000));
    for rest in [
        &[][..],
        &["--last-heartbeat-age-ms", "0"],
        &["--last-heartbeat-age-ms", "900000"],
        &["--last-heartbeat-age-ms", "900001"],
        &["--start-sha", &start],
        &["--start-sha", "HEAD"],
        &["--start-sha", "HEAD", "--last-heartbeat-age-ms", "10"],
        &["--start-sha", "no-such-commit"],
        &["--pid", "99999999", "--last-heartbeat-age-ms", "10"],
        &["--pid", "1", "--last-heartbeat-age-ms", "10"],
        &["--pid", "99999999", "--no-proc", "--last-heartbeat-age-ms", "10"],
        &["--pid", "99999999", "--host-id", "elsewhere", "--last-heartbeat-age-ms", "10"],
        &["--pid", "0", "--last-heartbeat-age-ms", "10"],
        &["--lane", "docs", "--last-heartbeat-age-ms", "10"],
    ] {
        for run in [&young, &old] {
            let fixed = ["liveness", "--json", "--now-ms", &now, "--run-id", run];
            same(&mut peer, &repository.workspace, &[&fixed[..], rest].concat());
        }
    }
    same(
        &mut peer,
        &repository.workspace,
        &["liveness", "--run-id", &old, "--output", "json", "--now-ms", &now],
    );
}

#[test]
fn the_journal_of_a_lease_counts_as_with_the_peer() {
    let mut peer = Peer::start();
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..12 {
        let workspace = Workspace::new();
        let mut rng = Rng::with_seed(seed);
        workspace.write(LANE_JOURNAL, journals::lanes(&mut rng));
        for lease in workspace.dosd(&["lease-lane", "live"]).values().remove(0).as_array().unwrap()
        {
            let (Some(lane), Some(loop_ts)) = (lease["lane"].as_str(), lease["loop_ts"].as_str())
            else {
                continue;
            };
            let now = (NOW_MS + rng.i64(0..2_400_000)).to_string();
            let run = run(rng.i64(0..7_200_000));
            let arguments = [
                &["liveness", "--json", "--run-id", &run, "--now-ms", &now][..],
                &["--lane", lane, "--loop-ts", loop_ts],
            ];
            seen.insert(same(&mut peer, &workspace, &arguments.concat()).code);
        }
    }
    assert!(seen.len() > 1, "only one verdict was ever generated: {seen:?}");
}

#[test]
fn a_history_that_cannot_be_read_is_said_aloud() {
    let workspace = Workspace::new();
    let run = run(0);
    let answer = workspace.dosd(&["liveness", "--run-id", &run, "--start-sha", "abc", "--json"]);
    assert_eq!(answer.code, 4);
    assert_eq!(answer.values()[0]["evidence"]["commits_since_start"], 0);
    assert!(answer.stderr.contains("no commits since `abc` are counted"), "{}", answer.stderr);
}

#[test]
fn a_text_that_is_no_run_id_ends_with_two() {
    let mut peer = Peer::start();
    let workspace = Workspace::new();
    for bad in ["", "RID-", "rid-1m83tqtkkvzca80", " RID-1M83TQTKKVZCA80", "RID-1M83TQTKKVZCA8O"] {
        let answer = same(&mut peer, &workspace, &["liveness", "--run-id", bad]);
        assert_eq!((answer.code, answer.stdout.as_str()), (2, ""), "{bad}");
    }
    same(&mut peer, &workspace, &["liveness"]);
}
