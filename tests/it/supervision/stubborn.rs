//! A worker that ignores TERM, with children and children's children that do the same.

use std::collections::BTreeSet;

use super::book;
use super::machine::{self, Process, Sweep, poll};
use crate::support::daemon::Daemon;
use crate::support::workspace::Workspace;

/// An ignored signal is inherited: nobody below hears TERM either. The colons keep the shells from
/// becoming what they run.
const DEAF: &str = "trap '' TERM\n\
    sh -c 'sh -c \"sleep 600; :\" & sleep 600; :' &\n\
    sh -c 'sleep 600; :' &\n\
    wait\n";

/// Three shells below the first one, and three sleepers.
const MEMBERS: usize = 7;

#[test]
fn a_family_that_ignores_term_is_ended_by_an_operator_and_by_the_end_of_the_daemon() {
    let workspace = super::workspace(&["only", "other"], "stop", DEAF, "stop_timeout = \"300ms\"");
    let _sweep = Sweep::after(&workspace);
    let mut daemon = Daemon::start(&workspace);
    let first = family(&workspace, "only", "");
    let other = family(&workspace, "other", "");

    let answer = workspace.dosd(&["halt", "--handle", "only", "--reason", "spins", "--enact"]);
    assert_eq!(answer.code, 0, "{}{}", answer.stdout, answer.stderr);
    let left = of_run(&workspace, &first);
    assert!(left.is_empty(), "it was said to be stopped: {left:?}");
    let said = &answer.values()[0];
    assert_eq!((&said["enacted"], &said["recorded"]), (&true.into(), &true.into()));
    assert_eq!((&said["run_id"], &said["lane"]), (&first.as_str().into(), &"only".into()));
    assert_eq!(said["survivors"], serde_json::json!([]));
    let ops = book::ops_of(&workspace, "only");
    let halted = ops.iter().position(|op| op == "HALT").expect("a row");
    assert_eq!(ops[halted..halted + 3], ["HALT", "WORKER_EXITED", "RELEASE"], "{ops:?}");
    assert!(!of_run(&workspace, &other).is_empty(), "another lane is left alone");

    let second = family(&workspace, "only", &first);
    daemon.signal("TERM");
    assert_eq!(daemon.wait().code(), Some(0), "{}", daemon.log());
    let left = machine::workers(&workspace);
    assert!(left.is_empty(), "the daemon ended before {left:?}");
    for (lane, run_id) in [("only", second), ("other", other)] {
        let ops = book::ops_of(&workspace, lane);
        assert_eq!(ops[ops.len() - 3..], ["HALT", "WORKER_EXITED", "RELEASE"], "{ops:?}");
        let rows = book::rows(&workspace);
        let end = rows.iter().rfind(|row| row["op"] == "WORKER_EXITED" && row["lane"] == lane);
        let end = end.expect("a row");
        assert_eq!((&end["run_id"], &end["signal"]), (&run_id.into(), &9.into()), "{end}");
    }
}

/// Waits for all of a lane's worker, of another run than that; gives its run.
fn family(workspace: &Workspace, lane: &str, not: &str) -> String {
    poll("a whole family", || {
        let all = machine::workers(workspace);
        let of_lane: Vec<_> =
            all.into_iter().filter(|it| it.lane == lane && it.run_id != not).collect();
        let run_ids: BTreeSet<_> = of_lane.iter().map(|it| it.run_id.clone()).collect();
        match run_ids.first() {
            Some(run_id) if of_lane.len() == MEMBERS => Ok(run_id.clone()),
            Some(_) | None => Err(format!("{of_lane:?}")),
        }
    })
}

fn of_run(workspace: &Workspace, run_id: &str) -> Vec<Process> {
    machine::workers(workspace).into_iter().filter(|it| it.run_id == run_id).collect()
}
