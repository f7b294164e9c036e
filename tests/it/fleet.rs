//! A fleet of real processes: kept alive, witnessed, exported, stopped.

use crate::support::daemon::{Daemon, group_lives, lives, signal, signal_group};
use crate::support::peer::Peer;
use crate::support::workspace::Workspace;
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

/// Three lanes, a store, and the file exporter.
const CONFIG: &str = r#"
[lanes]
concurrent = ["honest", "liar", "idle"]

[lanes.trees]
honest = ["honest/**"]
liar = ["liar/**"]
idle = ["idle/**"]

[supervise]
target = 3

[dosd]
on_shutdown = "stop"

[dosd.worker]
command = ["sh", "{lane}.sh"]
lease = "supervisor"
stop_timeout = "5s"
restart = { burst = 5, window = "1m", delay = "10ms", max_delay = "20ms" }

[[dosd.witness]]
name = "orders"
kind = "json"
path = "orders.json"

[[dosd.exporter]]
kind = "file"
name = "audit"
path = "audit.jsonl"
from = "start"
"#;

fn workspace() -> Workspace {
    let workspace = Workspace::new();
    workspace.write("dos.toml", CONFIG);
    workspace.write("orders.json", "{}");
    workspace.write(
        "honest.sh",
        "echo '{\"42\": {\"amount\": 7}}' >orders.new && mv orders.new orders.json\n\
         \"$DOSD_BIN\" claim orders:42 --narrated 'placed 42'; echo \"exit $?\"\nexec sleep 600\n",
    );
    // With a child that outlives its parent's TERM: the group has to go, not the leader.
    workspace.write(
        "liar.sh",
        "sh -c 'trap \"\" TERM; sleep 600' &\n\
         \"$DOSD_BIN\" claim orders:43 --narrated 'all green'; echo \"exit $?\"\nexec sleep 600\n",
    );
    workspace.write("idle.sh", "exec sleep 600\n");
    workspace
}

fn rows(workspace: &Workspace, path: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(workspace.root().join(path)).expect("a journal");
    text.lines().map(|line| serde_json::from_str(line).expect("a row")).collect()
}

/// Waits until every lane has its worker and both claims are judged, in whichever order that comes,
/// and gives the idle worker's pid.
fn come_up(daemon: &mut Daemon) -> u32 {
    let workers = RefCell::new(BTreeMap::new());
    let claims = RefCell::new(BTreeSet::new());
    daemon.wait_for("three workers and two verdicts", |line| {
        let lane = line["lane"].as_str().unwrap_or_default().to_owned();
        if line["message"] == "worker started" {
            let pid = line["pid"].as_u64().and_then(|pid| u32::try_from(pid).ok());
            workers.borrow_mut().insert(lane, pid.expect("a pid"));
        } else if line["claim"].is_string() {
            claims.borrow_mut().insert(lane);
        }
        workers.borrow().len() == 3 && claims.borrow().len() == 2
    });
    workers.into_inner()["idle"]
}

#[test]
fn a_fleet_is_kept_witnessed_exported_and_stopped() {
    let workspace = workspace();
    let mut daemon = Daemon::start(&workspace);
    let idle = come_up(&mut daemon);

    signal_group(idle, "KILL");
    let replaced = daemon.wait_for_worker("idle");
    assert_ne!(replaced, idle);
    assert!(lives(replaced));

    let mut peer = Peer::start();
    let live = peer.dos(workspace.root(), &["lease-lane", "live"]);
    assert_eq!(live.values(), workspace.dosd(&["lease-lane", "live"]).values());
    assert_eq!(live.values()[0].as_array().map(Vec::len), Some(3));
    let plan = |answer: &Value| {
        ["verdict", "alive", "admissible", "target", "evidence"].map(|key| answer[key].clone())
    };
    let theirs = peer.dos(workspace.root(), &["loop", "--json"]);
    let ours = workspace.dosd(&["loop", "--json"]);
    assert_eq!(plan(&ours.values()[0]), plan(&theirs.values()[0]));

    // A lease of the Python tool is seen by the daemon, through the same file.
    let acquired = peer.dos(
        workspace.root(),
        &[
            "lease-lane",
            "acquire",
            "--lane",
            "docs",
            "--kind",
            "keyword",
            "--tree",
            "docs/**",
            "--owner",
            "py",
        ],
    );
    assert_eq!(acquired.code, 0, "{}", acquired.stdout);
    let live = workspace.dosd(&["lease-lane", "live"]).values();
    assert_eq!(live[0].as_array().map(Vec::len), Some(4));

    daemon.signal("TERM");
    let status = daemon.wait();
    assert_eq!(status.code(), Some(0), "{}", daemon.log());

    let verdicts = rows(&workspace, ".dos/verdict-journal.jsonl");
    let claims: Vec<_> = verdicts
        .iter()
        .filter(|row| row["syscall"] == "effect_witness")
        .map(|row| (row["lane"].as_str(), row["verdict"].as_str(), row["subject"].as_str()))
        .collect();
    assert!(claims.contains(&(Some("honest"), Some("CONFIRMED"), Some("orders:42"))), "{claims:?}");
    assert!(claims.contains(&(Some("liar"), Some("REFUTED"), Some("orders:43"))), "{claims:?}");
    assert_eq!(rows(&workspace, "audit.jsonl"), verdicts, "the exporter's file is the journal");

    let lanes = rows(&workspace, ".dos/lane-journal.jsonl");
    let of_idle: Vec<_> =
        lanes.iter().filter(|row| row["lane"] == "idle").map(|row| &row["op"]).collect();
    assert_eq!(
        of_idle[..6],
        ["SPAWN", "ACQUIRE", "WORKER_STARTED", "WORKER_EXITED", "RELEASE", "SPAWN"]
    );
    let killed = lanes.iter().find(|row| row["op"] == "WORKER_EXITED" && row["lane"] == "idle");
    assert_eq!(killed.expect("its end")["signal"], 9);
    let started = lanes.iter().filter(|row| row["op"] == "WORKER_STARTED");
    let left: Vec<_> = started
        .filter_map(|row| u32::try_from(row["pid"].as_u64()?).ok())
        .filter(|pid| group_lives(*pid))
        .collect();
    assert!(left.is_empty(), "processes {left:?} are left");
    let ops = |op: &str| lanes.iter().filter(|row| row["op"] == op).count();
    assert_eq!(ops("WORKER_EXITED"), ops("WORKER_STARTED"), "every end is recorded");
    let live = workspace.dosd(&["lease-lane", "live"]).values();
    let holders: Vec<_> =
        live[0].as_array().into_iter().flatten().map(|it| &it["holder"]).collect();
    assert_eq!(holders, ["py"], "every lease of ours is given back");
    let verified = workspace.dosd(&["journal", "verify"]);
    assert_eq!(verified.code, 0, "{}", verified.stdout);

    let log = std::fs::read_dir(workspace.root().join(".dos/logs/honest"))
        .expect("the lane's folder")
        .map(|file| std::fs::read_to_string(file.expect("an entry").path()).expect("a log"))
        .collect::<String>();
    assert!(log.contains("CONFIRMED"), "{log}");
    assert!(log.contains("exit 0"), "{log}");
}

#[test]
fn a_daemon_that_was_killed_leaves_workers_that_the_next_one_watches() {
    let workspace = workspace();
    let mut daemon = Daemon::start(&workspace);
    let idle = come_up(&mut daemon);
    daemon.signal("KILL");
    daemon.wait();
    assert!(lives(idle));

    let mut next = Daemon::start(&workspace);
    next.wait_for("the worker is watched again", |line| {
        line["pid"] == idle && line["lane"] == "idle"
    });
    signal_group(idle, "KILL");
    let replaced = next.wait_for_worker("idle");
    assert!(lives(replaced));
    next.signal("TERM");
    assert_eq!(next.wait().code(), Some(0), "{}", next.log());
    assert!(!lives(replaced));
}

#[test]
fn what_a_dead_worker_leaves_behind_keeps_its_lane_and_goes_with_the_daemon() {
    let workspace = workspace();
    // The child says when it is there, and that it will not hear TERM.
    let child = "sh -c 'trap \"\" TERM; \"$DOSD_BIN\" claim orders:1; sleep 600' &\n";
    workspace.write("idle.sh", format!("{child}exec sleep 600\n"));
    let mut daemon = Daemon::start(&workspace);
    let (leader, is_child_there) = (Cell::new(None), Cell::new(false));
    daemon.wait_for("the worker and its child", |line| {
        if line["lane"] == "idle" {
            leader.set(line["pid"].as_u64().or(leader.get()));
            is_child_there.set(is_child_there.get() || line["claim"].is_string());
        }
        leader.get().is_some() && is_child_there.get()
    });
    let idle = leader.get().and_then(|pid| u32::try_from(pid).ok()).expect("a pid");
    signal(idle, "KILL");
    daemon.wait_for("the rest of the group is seen", |line| {
        line["lane"] == "idle"
            && line["message"].as_str().is_some_and(|text| text.contains("its group has members"))
    });
    assert!(group_lives(idle));
    daemon.signal("TERM");
    assert_eq!(daemon.wait().code(), Some(0), "{}", daemon.log());
    assert!(!group_lives(idle));
    let lanes = rows(&workspace, ".dos/lane-journal.jsonl");
    let of_idle: Vec<_> =
        lanes.iter().filter(|row| row["lane"] == "idle").map(|row| &row["op"]).collect();
    let life = ["SPAWN", "ACQUIRE", "WORKER_STARTED", "HALT", "WORKER_EXITED", "RELEASE"];
    assert_eq!(of_idle, life, "no second worker beside the rest of the first");
}

#[test]
fn a_second_daemon_says_who_serves_the_workspace() {
    let workspace = workspace();
    let mut daemon = Daemon::start(&workspace);
    daemon.wait_for_worker("idle");
    let second = workspace.dosd(&["run"]);
    assert_eq!(second.code, 75);
    let holder = format!("process {} serves this workspace already", daemon.pid());
    assert!(second.stderr.contains(&holder), "{}", second.stderr);
    daemon.signal("TERM");
    assert_eq!(daemon.wait().code(), Some(0));
}

#[test]
fn compaction_goes_through_the_daemon_that_runs() {
    let workspace = workspace();
    // The daemon would else do it by itself: the history is old.
    let config = format!("{CONFIG}\n[retention]\njournal_max_age_days = 36500\n");
    workspace.write("dos.toml", config);
    // Something that may go: the life of a lease that ended long ago.
    let old = |op: &str, seq: u32| {
        format!(
            "{{\"op\":\"{op}\",\"seq\":{seq},\"ts\":\"2020-01-01T00:00:00Z\",\"lane\":\"x\",\"loop_ts\":\"t\"}}\n"
        )
    };
    let beats: String = (2..50).map(|seq| old("HEARTBEAT", seq)).collect();
    let history = [old("ACQUIRE", 1), beats, old("RELEASE", 50)].concat();
    workspace.write(".dos/lane-journal.jsonl", &history);
    let mut daemon = Daemon::start(&workspace);
    come_up(&mut daemon);
    let before = workspace.dosd(&["lease-lane", "live"]).values();
    let compacted = workspace.dosd(&["journal", "compact"]);
    assert_eq!(compacted.code, 0, "{}{}", compacted.stdout, compacted.stderr);
    let archive = compacted.values()[0]["archive"].as_str().map(std::path::PathBuf::from);
    let archived = std::fs::read_to_string(archive.expect("an archive")).expect("a segment");
    assert!(archived.starts_with(&history), "nothing is lost");
    assert_eq!(workspace.dosd(&["lease-lane", "live"]).values(), before);
    daemon.signal("TERM");
    assert_eq!(daemon.wait().code(), Some(0), "{}", daemon.log());
    let rows = rows(&workspace, ".dos/lane-journal.jsonl");
    assert_eq!(rows[0]["op"], "CHECKPOINT");
    assert_eq!(workspace.dosd(&["journal", "replay"]).values()[0], serde_json::json!([]));
}
