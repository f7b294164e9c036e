//! A daemon that reads its configuration again, by a real HUP.

use crate::support::daemon::{Daemon, group_lives, lives, signal_group};
use crate::support::workspace::Workspace;
use dosd_actors::port::{Clock, SystemClock};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Lanes with a tree each and as many workers, then the sections of a test's own.
fn config(lanes: &[&str], rest: &str) -> String {
    let trees: Vec<String> = lanes.iter().map(|lane| format!("{lane} = [\"{lane}/**\"]")).collect();
    let trees = trees.join("\n");
    let target = lanes.len();
    format!(
        r#"
[lanes]
concurrent = {lanes:?}
[lanes.trees]
{trees}
[supervise]
target = {target}
[dosd]
on_shutdown = "stop"
[dosd.worker]
command = ["sh", "-c", "exec sleep 600"]
lease = "supervisor"
stop_timeout = "5s"
restart = {{ burst = 50, window = "1m", delay = "10ms", max_delay = "20ms" }}
{rest}"#
    )
}

fn workspace(config: &str) -> Workspace {
    let workspace = Workspace::new();
    workspace.write("dos.toml", config);
    workspace
}

/// Replaces the file as editors do, has it read, and gives what the daemon says of it.
fn reread(daemon: &mut Daemon, workspace: &Workspace, config: &str) -> Value {
    let new = workspace.write("dos.toml.new", config);
    std::fs::rename(new, workspace.root().join("dos.toml")).expect("renamed");
    daemon.signal("HUP");
    let said = daemon.wait_for("the configuration is read again", |line| {
        line["message"].as_str().is_some_and(|text| text.starts_with("configuration "))
    });
    said["message"].clone()
}

fn rows(workspace: &Workspace, path: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(workspace.root().join(path)).expect("a file of rows");
    text.lines().map(|line| serde_json::from_str(line).expect("a row")).collect()
}

/// The rows of one kind about one lane.
fn about(workspace: &Workspace, op: &str, lane: &str) -> Vec<Value> {
    let rows = rows(workspace, ".dos/lane-journal.jsonl").into_iter();
    rows.filter(|row| row["op"] == op && row["lane"] == lane).collect()
}

/// Waits until each lane has a worker, in whichever order they come, and gives their pids.
fn workers<const N: usize>(daemon: &mut Daemon, lanes: [&str; N]) -> [u32; N] {
    let pids = RefCell::new(BTreeMap::new());
    daemon.wait_for("a worker on each lane", |line| {
        if line["message"] == "worker started" {
            let pid = line["pid"].as_u64().and_then(|pid| u32::try_from(pid).ok());
            let lane = line["lane"].as_str().expect("a lane").to_owned();
            pids.borrow_mut().insert(lane, pid.expect("a pid"));
        }
        lanes.iter().all(|lane| pids.borrow().contains_key(*lane))
    });
    lanes.map(|lane| pids.borrow()[lane])
}

/// Ends the worker of a lane and waits until that is seen.
fn kill(daemon: &mut Daemon, lane: &str, pid: u32) {
    signal_group(pid, "KILL");
    daemon.wait_for("its end is seen", |line| {
        line["message"] == "worker was killed" && line["lane"] == lane
    });
}

#[test]
fn a_lane_that_is_added_gets_a_worker_and_the_others_go_on() {
    let workspace = workspace(&config(&["a"], ""));
    let mut daemon = Daemon::start(&workspace);
    let first = daemon.wait_for_worker("a");
    let said = reread(&mut daemon, &workspace, &config(&["a", "b"], ""));
    assert_eq!(said, "configuration re-read: lanes, supervise");
    daemon.wait_for_worker("b");
    assert!(lives(first));
    let said = reread(&mut daemon, &workspace, &config(&["a", "b"], "# nothing\n"));
    assert_eq!(said, "configuration re-read: nothing changed for the daemon");
    assert_eq!(about(&workspace, "SPAWN", "a").len(), 1, "nothing happened to it");
}

#[test]
fn a_lane_that_is_removed_keeps_its_worker_until_that_ends() {
    let workspace = workspace(&config(&["a", "b"], ""));
    let mut daemon = Daemon::start(&workspace);
    let [left, removed] = workers(&mut daemon, ["a", "b"]);
    reread(&mut daemon, &workspace, &config(&["a"], ""));
    assert!(lives(removed));
    kill(&mut daemon, "b", removed);
    // The lane that is left shows that the supervisor has looked since.
    kill(&mut daemon, "a", left);
    daemon.wait_for_worker("a");
    assert_eq!(about(&workspace, "SPAWN", "b").len(), 1, "it got no other");
    assert_eq!(about(&workspace, "RELEASE", "b").len(), 1);
}

#[test]
fn another_command_is_for_the_next_run_of_its_lane() {
    let base = config(&["a", "b"], "");
    let workspace = workspace(&base);
    let mut daemon = Daemon::start(&workspace);
    let [first, other] = workers(&mut daemon, ["a", "b"]);
    let own = format!("{base}\n[dosd.worker.lanes.a]\ncommand = [\"sleep\", \"601\"]\n");
    let said = reread(&mut daemon, &workspace, &own);
    assert_eq!(said, "configuration re-read: worker.lanes.a.command");
    assert!(lives(first) && lives(other));
    for (lane, pid) in [("a", first), ("b", other)] {
        kill(&mut daemon, lane, pid);
        daemon.wait_for_worker(lane);
    }
    let argvs = |lane| -> Vec<Value> {
        let started = about(&workspace, "WORKER_STARTED", lane).into_iter();
        started.map(|row| row["argv"].clone()).collect()
    };
    let usual = serde_json::json!(["sh", "-c", "exec sleep 600"]);
    assert_eq!(argvs("a"), [usual.clone(), serde_json::json!(["sleep", "601"])]);
    assert_eq!(argvs("b"), [usual.clone(), usual]);
}

#[test]
fn of_a_broken_file_nothing_holds() {
    let base = config(&["a"], "");
    let workspace = workspace(&base);
    let mut daemon = Daemon::start(&workspace);
    let first = daemon.wait_for_worker("a");
    let broken = format!("{}[dosd.liveness]\nspin = 3\ngarce = \"1m\"\n", config(&["a", "b"], ""));
    let said = reread(&mut daemon, &workspace, &broken);
    let said = said.as_str().expect("a text");
    for part in [
        "not re-read",
        "key `dosd.liveness.spin`",
        "key `dosd.liveness.garce`",
        "help: did you mean `grace`?",
        "2 errors",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let doctor = workspace.dosd(&["doctor"]).stdout;
    let problem = said.lines().find(|line| line.contains("liveness.spin")).expect("a problem");
    let problem = problem.rsplit_once("dos.toml").expect("a place").1;
    assert!(doctor.contains(problem), "{problem} is what the doctor prints:\n{doctor}");

    kill(&mut daemon, "a", first);
    let second = daemon.wait_for_worker("a");
    std::fs::remove_file(workspace.root().join("dos.toml")).expect("removed");
    daemon.signal("HUP");
    daemon.wait_for("a file that is gone is no wish for the defaults", |line| {
        line["message"].as_str().is_some_and(|text| text.contains("there is no `"))
    });
    assert!(lives(second));
    let said = reread(&mut daemon, &workspace, &config(&["a", "b"], ""));
    assert_eq!(said, "configuration re-read: lanes, supervise");
    daemon.wait_for_worker("b");
    assert_eq!(about(&workspace, "SPAWN", "main").len(), 0);
}

#[test]
fn a_lane_has_its_own_lease_restarts_and_command() {
    let own = r#"
[dosd.worker.lanes.b]
command = ["sh", "-c", "exit 3"]
lease = "worker"
restart = { burst = 2 }
"#;
    let workspace = workspace(&config(&["a", "b"], own));
    let mut daemon = Daemon::start(&workspace);
    let given_up = daemon.wait_for("the lane is given up", |line| {
        line["message"].as_str().is_some_and(|text| text.contains("given up"))
    });
    assert_eq!((&given_up["lane"], &given_up["failures"]), (&"b".into(), &2.into()));
    assert_eq!(about(&workspace, "ACQUIRE", "a").len(), 1);
    assert_eq!(about(&workspace, "ACQUIRE", "b").len(), 0);
    assert_eq!(about(&workspace, "WORKER_EXITED", "b").len(), 2);
}

#[test]
fn exporters_go_on_at_their_cursors_and_journals_stay() {
    let exporter = |name: &str, path: &str| {
        format!(
            "[[dosd.exporter]]\nkind = \"file\"\nname = \"{name}\"\npath = \"{path}\"\nfrom = \"start\"\n"
        )
    };
    let base = config(&["a"], "");
    let workspace = workspace(&format!(
        "{base}{}{}",
        exporter("moves", "one.jsonl"),
        exporter("stays", "all.jsonl")
    ));
    let mut daemon = Daemon::start(&workspace);
    let first = daemon.wait_for_worker("a");
    let moved =
        format!("{base}{}{}", exporter("moves", "two.jsonl"), exporter("stays", "all.jsonl"));
    let said = reread(&mut daemon, &workspace, &moved);
    assert_eq!(said, "configuration re-read: exporter moves");
    kill(&mut daemon, "a", first);
    daemon.wait_for_worker("a");

    let paths = format!("{moved}[paths]\nlane_journal = \"other.jsonl\"\n");
    std::fs::write(workspace.root().join("dos.toml"), paths).expect("written");
    daemon.signal("HUP");
    let warned = daemon.wait_for("it is said what stays", |line| {
        line["message"].as_str().is_some_and(|text| text.contains("needs a restart"))
    });
    assert_eq!(
        warned["message"],
        "needs a restart of the daemon, and stays as it was: paths.lane_journal"
    );
    daemon.wait_for("it goes on", |line| {
        line["message"] == "configuration re-read: nothing changed for the daemon"
    });
    daemon.signal("TERM");
    assert_eq!(daemon.wait().code(), Some(0), "{}", daemon.log());
    assert!(!workspace.root().join("other.jsonl").exists());

    let seqs = |path: &str| -> Vec<u64> {
        let rows = rows(&workspace, path).into_iter();
        rows.map(|row| row["seq"].as_u64().expect("a number")).collect()
    };
    let journal = seqs(".dos/verdict-journal.jsonl");
    assert_eq!(seqs("all.jsonl"), journal);
    let (one, two) = (seqs("one.jsonl"), seqs("two.jsonl"));
    assert!(!one.is_empty() && !two.is_empty(), "{one:?} {two:?}");
    assert_eq!([one, two].concat(), journal);
}

#[test]
fn what_becomes_of_workers_at_the_end_can_change_before_it() {
    let base = config(&["a"], "");
    let workspace = workspace(&base);
    let mut daemon = Daemon::start(&workspace);
    let pid = daemon.wait_for_worker("a");
    let said = reread(&mut daemon, &workspace, &base.replace("\"stop\"", "\"detach\""));
    assert_eq!(said, "configuration re-read: on_shutdown");
    daemon.signal("TERM");
    assert_eq!(daemon.wait().code(), Some(0), "{}", daemon.log());
    assert!(lives(pid), "it was stopped all the same");
    signal_group(pid, "KILL");
}

#[test]
fn signals_while_it_starts_do_not_end_it() {
    let workspace = workspace(&config(&["a"], ""));
    let mut daemon = Daemon::start(&workspace);
    daemon.wait_for("its first line", |line| line["workspace"].is_string());
    for _ in 0..20 {
        daemon.signal("HUP");
    }
    let seen: BTreeSet<bool> = [false, true].into();
    let told = RefCell::new(BTreeSet::new());
    daemon.wait_for("a worker, and a read", |line| {
        let message = line["message"].as_str().unwrap_or_default();
        if message == "worker started" {
            told.borrow_mut().insert(true);
        } else if message.starts_with("configuration re-read: nothing") {
            told.borrow_mut().insert(false);
        }
        *told.borrow() == seen
    });
    let started = &about(&workspace, "WORKER_STARTED", "a")[0];
    let pid = u32::try_from(started["pid"].as_u64().expect("a pid")).expect("a pid");
    daemon.signal("TERM");
    assert_eq!(daemon.wait().code(), Some(0), "{}", daemon.log());
    assert!(!group_lives(pid));
}

#[test]
fn a_terminal_that_is_gone_does_not_end_the_fleet() {
    let workspace = workspace(&config(&["a"], ""));
    let mut daemon = Daemon::start(&workspace);
    daemon.wait_for_worker("a");
    daemon.stop_listening();
    // What the signal sets off is seen without a log: two files, because a line may be under way.
    for lanes in [&["a", "b"][..], &["a", "b", "c"][..]] {
        workspace.write("dos.toml", config(lanes, ""));
        daemon.signal("HUP");
        let journal = workspace.root().join(".dos/lane-journal.jsonl");
        let is_there = || {
            let text = std::fs::read_to_string(&journal).expect("a journal");
            // A last row may be half written at this moment.
            text.lines()
                .filter_map(|line| serde_json::from_str::<Value>(line).ok())
                .any(|row| row["op"] == "WORKER_STARTED" && row["lane"] == lanes[lanes.len() - 1])
        };
        let clock = SystemClock::new();
        while !is_there() {
            assert!(clock.monotonic() < Duration::from_mins(1), "no worker on the new lane");
            std::thread::yield_now();
        }
    }
    daemon.signal("TERM");
    assert_eq!(daemon.wait().code(), Some(0));
}
