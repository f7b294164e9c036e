//! Workers that outlive their daemon, and daemons that outlive their workers.

use std::io::Read as _;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::support::daemon::{Daemon, lives, signal};
use crate::support::workspace::Workspace;

/// One lane, one worker, and what becomes of it at the end of the daemon.
fn workspace(on_shutdown: &str, worker: &str) -> Workspace {
    let workspace = Workspace::new();
    workspace.write(
        "dos.toml",
        format!(
            r#"
[lanes]
concurrent = ["only"]

[dosd]
on_shutdown = "{on_shutdown}"

[dosd.worker]
command = ["sh", "worker.sh"]
lease = "supervisor"
stop_timeout = "5s"
restart = {{ burst = 5, window = "1m", delay = "10ms", max_delay = "20ms" }}
"#
        ),
    );
    workspace.write("worker.sh", worker);
    workspace
}

/// A pipe with a name, on which processes and the test wait for each other.
fn fifo(workspace: &Workspace, name: &str) -> PathBuf {
    let path = workspace.root().join(name);
    let made = Command::new("mkfifo").arg(&path).status().expect("mkfifo runs");
    assert!(made.success());
    path
}

/// Reads a pipe until nobody holds its other end.
fn read_to_end(path: &PathBuf) -> String {
    let mut text = String::new();
    std::fs::File::open(path).expect("the pipe").read_to_string(&mut text).expect("text");
    text
}

fn rows(workspace: &Workspace, op: &str) -> Vec<Value> {
    let journal = workspace.root().join(".dos/lane-journal.jsonl");
    let text = std::fs::read_to_string(journal).expect("a journal");
    let rows = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a row"));
    rows.filter(|row| row["op"] == op).collect()
}

/// The worker ends with 7 when somebody says "go"; `held` is open for as long as it lives.
const ENDS_WHEN_TOLD: &str = "exec 9>held\necho before\nread word <go\necho after $word\nexit 7\n";

fn outlives(end_the_daemon: &str) {
    let workspace = workspace("detach", ENDS_WHEN_TOLD);
    let (held, go) = (fifo(&workspace, "held"), fifo(&workspace, "go"));
    let alive = std::thread::spawn(move || read_to_end(&held));
    let mut daemon = Daemon::start(&workspace);
    let pid = daemon.wait_for_worker("only");
    daemon.signal(end_the_daemon);
    daemon.wait();
    assert!(lives(pid), "the worker went with its daemon");

    // It writes and ends while nobody is there.
    std::fs::write(&go, "alone\n").expect("the worker reads");
    alive.join().expect("the worker ends");

    let mut next = Daemon::start(&workspace);
    next.wait_for("the end is learned", |line| {
        line["message"] == "worker failed" && line["code"] == 7
    });
    let second = next.wait_for_worker("only");
    assert_ne!(second, pid);
    let [ended] = &rows(&workspace, "WORKER_EXITED")[..] else { panic!("one end is recorded") };
    assert_eq!((&ended["pid"], &ended["code"]), (&pid.into(), &7.into()));
    let run_id = ended["run_id"].as_str().expect("a run id");
    let log = workspace.root().join(format!(".dos/logs/only/{run_id}.log"));
    assert_eq!(std::fs::read_to_string(log).expect("a log"), "before\nafter alone\n");
    let printed = workspace.dosd(&["logs", "only", "--run", run_id, "--json"]).values();
    let lines: Vec<_> = printed.iter().map(|it| (&it["run_id"], &it["line"])).collect();
    let run_id = Value::from(run_id);
    assert_eq!(lines, [(&run_id, &"before".into()), (&run_id, &"after alone".into())]);
    assert!(
        !workspace.root().join(".dos/runs").join(run_id.as_str().expect("a text")).exists(),
        "its directory is left"
    );

    // The second one is told to go with nobody to adopt it.
    next.signal("TERM");
    next.wait();
    signal(second, "KILL");
}

#[test]
fn a_worker_goes_on_when_its_daemon_is_told_to_stop() {
    outlives("TERM");
}

#[test]
fn the_output_of_a_lane_that_never_ran_is_asked_for_in_vain() {
    let workspace = workspace("stop", "");
    for lane in ["only", "../runs", "", "/"] {
        let answer = workspace.dosd(&["logs", lane]);
        assert_eq!((answer.code, answer.stdout.as_str()), (2, ""), "{lane}");
        assert!(answer.stderr.contains("help:"), "{}", answer.stderr);
    }
}

#[test]
fn a_worker_goes_on_when_its_daemon_is_killed() {
    outlives("KILL");
}

#[test]
fn a_worker_that_goes_on_is_adopted_with_its_run() {
    let workspace = workspace("detach", ENDS_WHEN_TOLD);
    let go = fifo(&workspace, "go");
    workspace.write("held", "");
    let mut daemon = Daemon::start(&workspace);
    let pid = daemon.wait_for_worker("only");
    daemon.signal("TERM");
    assert_eq!(daemon.wait().code(), Some(0), "{}", daemon.log());

    let mut next = Daemon::start(&workspace);
    next.wait_for("the worker is watched again", |line| line["pid"] == pid);
    std::fs::write(&go, "twice\n").expect("the worker reads");
    next.wait_for("its end is seen", |line| {
        line["message"] == "worker failed" && line["code"] == 7
    });
    let second = next.wait_for_worker("only");
    assert_eq!(rows(&workspace, "WORKER_STARTED").len(), 2, "none was doubled");
    next.signal("TERM");
    next.wait();
    signal(second, "KILL");
}

#[test]
fn a_daemon_that_drains_stays_until_its_worker_has_ended() {
    let workspace = workspace("drain", ENDS_WHEN_TOLD);
    let go = fifo(&workspace, "go");
    workspace.write("held", "");
    let mut daemon = Daemon::start(&workspace);
    let pid = daemon.wait_for_worker("only");
    daemon.signal("TERM");
    daemon.wait_for("it drains", |line| {
        line["message"].as_str().is_some_and(|text| text.contains("waiting for the workers"))
    });
    assert!(lives(pid));
    std::fs::write(&go, "now\n").expect("the worker reads");
    assert_eq!(daemon.wait().code(), Some(0), "{}", daemon.log());
    assert_eq!(rows(&workspace, "WORKER_EXITED")[0]["code"], 7);
    assert_eq!(rows(&workspace, "SPAWN").len(), 1, "nothing was started any more");
}

#[test]
fn a_process_that_left_its_group_is_seen_and_goes_with_a_daemon_that_stops() {
    let worker = "mkfifo up\n\
        setsid sh -c 'exec 9>held; echo >up; sleep 600' &\n\
        read line <up\n\
        exit 3\n";
    let workspace = workspace("stop", worker);
    let held = fifo(&workspace, "held");
    let alive = std::thread::spawn(move || read_to_end(&held));
    let mut daemon = Daemon::start(&workspace);
    daemon.wait_for("the stray is seen", |line| {
        line["message"].as_str().is_some_and(|text| text.contains("outside of its group"))
    });
    daemon.signal("TERM");
    assert_eq!(daemon.wait().code(), Some(0), "{}", daemon.log());
    alive.join().expect("the stray has ended");
}
