//! What a worker commits on its lane keeps it from being called a spinner: real processes, real
//! commits.

use crate::support::daemon::Daemon;
use crate::support::repository::Repository;
use crate::support::workspace::Workspace;
use dosd_actors::port::{Clock, SystemClock};
use serde_json::Value;
use std::time::Duration;

/// Three workers on four lanes. Every worker beats, since the daemon beats for it; a spinner is
/// proposed for a halt at once, so that each change of who spins is a verdict.
const CONFIG: &str = r#"
[lanes]
concurrent = ["busy", "guest", "idle", "spare"]

[lanes.trees]
busy = ["busy/**"]
guest = ["guest/**"]
idle = ["idle/**"]
spare = ["spare/**"]

[supervise]
target = 3
spin_halt_after_ms = 0

[dosd]
on_shutdown = "stop"
tick = "500ms"

[dosd.liveness]
grace = "3s"
spin = "1m"

[dosd.worker]
command = ["sh", "{lane}.sh"]
lease = "supervisor"
stop_timeout = "5s"
"#;

/// Longer than anything here takes on a loaded machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A worker that commits one file, however often somebody else is at it, and then sits there.
fn commits(path: &str) -> String {
    format!(
        "mkdir -p \"${{0%.sh}}\" \"$(dirname {path})\"\necho work >{path}\n\
         until git add {path} && git -c user.name=w -c user.email=w@example.org \
         -c commit.gpgSign=false commit --quiet -m work -- {path}; do sleep 0.1; done\n\
         exec sleep 600\n"
    )
}

fn repository() -> Repository {
    let repository = Repository::new();
    let workspace = &repository.workspace;
    workspace.write("dos.toml", CONFIG);
    workspace.write("busy.sh", commits("busy/new"));
    // At work on a lane that is not its own.
    workspace.write("guest.sh", commits("spare/new"));
    workspace.write("idle.sh", "exec sleep 600\n");
    repository.commit("begin", &["busy/old", "guest/old", "idle/old"]);
    repository
}

/// Waits until `ps` says this of the lanes. It takes the process for the beginning of a run and the
/// daemon takes the lease, so that a grace ends a moment later for it.
fn wait_for_states(workspace: &Workspace, expected: [(&str, &str); 3]) {
    let expected = expected.map(|(lane, state)| (lane.to_owned(), state.to_owned()));
    let clock = SystemClock::new();
    loop {
        let workers = workspace.dosd(&["ps", "--json"]).values().remove(0);
        let text = |worker: &Value, key: &str| worker[key].as_str().unwrap_or_default().to_owned();
        let states = workers.as_array().into_iter().flatten();
        let states: Vec<_> = states.map(|it| (text(it, "lane"), text(it, "state"))).collect();
        if states == expected {
            return;
        }
        assert!(clock.monotonic() < PATIENCE, "{expected:?} is awaited, and there is {states:?}");
    }
}

/// Waits until a commit changed this file.
fn wait_for_commit(repository: &Repository, path: &str) {
    let clock = SystemClock::new();
    while !repository.git(&["log", "--format=", "--name-only"]).lines().any(|it| it == path) {
        assert!(clock.monotonic() < PATIENCE, "nobody commits `{path}`");
    }
}

/// Waits for a verdict about the population that proposes so many halts.
fn wait_for_spinners(workspace: &Workspace, count: u64) {
    let clock = SystemClock::new();
    let path = workspace.root().join(".dos/verdict-journal.jsonl");
    loop {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let mut rows = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let newest = rows.rfind(|row| row["syscall"] == "supervise");
        let seen = newest.map(|row| row["detail"]["proposed_halt"].clone());
        if seen == Some(count.into()) {
            return;
        }
        assert!(clock.monotonic() < PATIENCE, "{count} spinners are awaited:\n{text}");
        std::thread::yield_now();
    }
}

#[test]
fn a_worker_that_commits_on_its_lane_advances_and_others_spin() {
    let repository = repository();
    let workspace = &repository.workspace;
    let start = repository.git(&["rev-parse", "HEAD"]);
    let mut daemon = Daemon::start(workspace);
    wait_for_commit(&repository, "busy/new");
    wait_for_commit(&repository, "spare/new");
    wait_for_spinners(workspace, 2);
    wait_for_states(
        workspace,
        [("busy", "ADVANCING"), ("guest", "SPINNING"), ("idle", "SPINNING")],
    );
    // Past the grace of all, and well within that of their beats.
    let later = (SystemClock::new().now_ms() + 20_000).to_string();
    let watch = ["watch", "--discover", "--json", "--now-ms", &later];
    let watched = workspace.dosd(&watch).values().remove(0);
    let count = |key: &str| watched[key].as_array().map(Vec::len);
    assert_eq!((count("advancing"), count("spinning")), (Some(1), Some(2)), "{watched}");

    // A commit that comes late counts as well.
    repository.commit("late", &["idle/new"]);
    wait_for_spinners(workspace, 1);
    wait_for_states(
        workspace,
        [("busy", "ADVANCING"), ("guest", "SPINNING"), ("idle", "ADVANCING")],
    );

    let journal = std::fs::read_to_string(workspace.root().join(".dos/lane-journal.jsonl"));
    let rows: Vec<Value> = journal
        .expect("a journal")
        .lines()
        .map(|line| serde_json::from_str(line).expect("a row"))
        .collect();
    let began = |row: &&Value| row["op"] == "WORKER_STARTED" && row["lane"] == "idle";
    let began = rows.iter().find(began).expect("a start");
    let known =
        repository.git(&["merge-base", &start, began["start_sha"].as_str().expect("a sha")]);
    assert_eq!(known, start, "where it started is in the history, and not before its beginning");

    daemon.signal("TERM");
    assert_eq!(daemon.wait().code(), Some(0), "{}", daemon.log());
    assert!(!daemon.log().contains("do not count"), "{}", daemon.log());
}

#[test]
fn without_a_repository_workers_spin_and_nobody_complains() {
    let workspace = Workspace::new();
    workspace.write("dos.toml", CONFIG);
    for lane in ["busy", "guest", "idle"] {
        workspace.write(&format!("{lane}.sh"), "exec sleep 600\n");
    }
    let mut daemon = Daemon::start(&workspace);
    wait_for_spinners(&workspace, 3);
    wait_for_states(&workspace, ["busy", "guest", "idle"].map(|lane| (lane, "SPINNING")));
    daemon.signal("TERM");
    assert_eq!(daemon.wait().code(), Some(0), "{}", daemon.log());
    for complaint in ["do not count", "is not known", "repository"] {
        assert!(!daemon.log().contains(complaint), "{}", daemon.log());
    }
}
