//! What the published Python tool does wrong, one test for each, named by its id in the list of
//! defects. Every test here fails on that behaviour. Those that need a port in place of the world are
//! beside the code; all are found by their `w_NN`.

use crate::support::daemon::{Daemon, lives};
use crate::support::workspace::Workspace;
use dosd_actors::port::{Clock, Launcher, SystemClock, SystemLauncher};
use serde_json::Value;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Duration;

const ONE_LANE: &str = r#"
[lanes]
concurrent = ["a"]
[lanes.trees]
a = ["a/**"]
[dosd]
on_shutdown = "stop"
"#;

const WORKER: &str = r#"
[dosd.worker]
lease = "supervisor"
restart = { burst = 3, window = "1m", delay = "10ms", max_delay = "20ms" }
"#;

fn lane_rows(workspace: &Workspace) -> Vec<Value> {
    workspace.dosd(&["journal", "tail", "0"]).values()
}

#[test]
fn w_40_workers_are_waited_for_and_their_exit_is_journalled() {
    let workspace = Workspace::new();
    // The first worker fails, the ones after it stay.
    workspace.write("work.sh", "mkdir first 2>/dev/null && exit 3\nexec sleep 600\n");
    let command = "command = [\"sh\", \"work.sh\"]\n";
    workspace.write("dos.toml", format!("{ONE_LANE}{WORKER}{command}"));
    let mut daemon = Daemon::start(&workspace);
    let first = daemon.wait_for_worker("a");
    let second = daemon.wait_for_worker("a");
    assert_ne!(first, second);
    // A child that nobody waits for keeps its place in the table of processes.
    let state = std::fs::read_to_string(format!("/proc/{first}/stat")).unwrap_or_default();
    assert!(!state.contains(") Z "), "the first worker is a zombie: {state}");
    let ends: Vec<_> =
        lane_rows(&workspace).into_iter().filter(|row| row["op"] == "WORKER_EXITED").collect();
    assert_eq!(ends.len(), 1, "{ends:?}");
    assert_eq!((&ends[0]["pid"], &ends[0]["code"]), (&first.into(), &3.into()));
    daemon.signal("TERM");
    assert_eq!(daemon.wait().code(), Some(0), "{}", daemon.log());
    assert!(!lives(second));
}

#[test]
fn w_40_a_zombie_is_not_alive() {
    let mut child = Command::new("sh")
        .args(["-c", "exit 0"])
        .process_group(0)
        .stdout(Stdio::piped())
        .spawn()
        .expect("sh starts");
    let pid = child.id();
    let mut nothing = String::new();
    child.stdout.take().expect("a pipe").read_to_string(&mut nothing).expect("its end");
    // Its output is closed a moment before it is a zombie.
    let clock = SystemClock::new();
    while !stat(pid).contains(") Z ") {
        assert!(clock.monotonic() < Duration::from_mins(1), "it does not end: {}", stat(pid));
        std::thread::yield_now();
    }
    let launcher = SystemLauncher::new().expect("/proc");
    assert_eq!(launcher.group_members(pid), [], "the zombie's group counts as empty");
    child.wait().expect("its end");
}

fn stat(pid: u32) -> String {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default()
}

#[test]
fn w_41_the_launch_template_is_what_is_started() {
    let workspace = Workspace::new();
    let template = "[supervise]\nworker_launch_template = \"/work --on {lane} 'now'\"\n";
    workspace.write("dos.toml", format!("{ONE_LANE}{template}{WORKER}"));
    let asked = "printf '%s\\n' \"$@\" >asked.new && mv asked.new asked\nexec sleep 600\n";
    let agent = workspace.write("bin/claude", format!("#!/bin/sh\n{asked}"));
    std::fs::set_permissions(&agent, std::fs::Permissions::from_mode(0o755)).expect("a mode");
    let mut command = workspace.command(&["run", "--log-format", "json"]);
    let path = format!("{}:/usr/bin:/bin", workspace.root().join("bin").display());
    let mut daemon = Daemon::watch(command.env("PATH", path));
    daemon.wait_for_worker("a");
    let clock = SystemClock::new();
    let asked = workspace.root().join("asked");
    while !asked.exists() {
        assert!(clock.monotonic() < Duration::from_mins(1), "{}", daemon.log());
        std::thread::yield_now();
    }
    let asked = std::fs::read_to_string(asked).expect("what was asked");
    assert_eq!(asked, "-p\n/work --on a 'now'\n");
    daemon.signal("TERM");
    assert_eq!(daemon.wait().code(), Some(0), "{}", daemon.log());
}

#[test]
fn w_41_a_failing_launch_is_reported_delayed_and_given_up() {
    let workspace = Workspace::new();
    let command = "command = [\"no-such-agent\"]\n";
    workspace.write("dos.toml", format!("{ONE_LANE}{WORKER}{command}"));
    let mut daemon = Daemon::start(&workspace);
    let delayed = daemon.wait_for("a delay", |line| {
        line["message"].as_str().is_some_and(|text| text.contains("after a delay"))
    });
    assert_eq!(delayed["lane"], "a", "{delayed}");
    daemon.wait_for("the lane is given up", |line| {
        line["message"].as_str().is_some_and(|text| text.contains("given up"))
    });
    assert_eq!(daemon.log().matches("`no-such-agent` was not found").count(), 3);
    daemon.signal("TERM");
    assert_eq!(daemon.wait().code(), Some(0), "{}", daemon.log());
    let verdicts = workspace.dosd(&["observe", "--json"]).values();
    assert_eq!(verdicts[0]["rollup"]["counts"]["worker"]["GAVE_UP"], 1);
}

#[test]
fn w_44_a_sink_that_failed_gets_every_event_with_its_own_time() {
    let workspace = Workspace::new();
    let sink = "[[dosd.exporter]]\nkind = \"file\"\nname = \"audit\"\npath = \"later/audit.jsonl\"\n\
                from = \"start\"\n";
    let worker = "[dosd.worker]\nlease = \"supervisor\"\ncommand = [\"sleep\", \"600\"]\n";
    workspace.write("dos.toml", format!("{ONE_LANE}{worker}{sink}"));
    let old = "{\"detail\":{},\"lane\":\"a\",\"run_id\":\"RID-1\",\"schema_family\":\
               \"verdict-journal\",\"schema_version\":1,\"seq\":1,\"source\":\"kernel\",\
               \"subject\":\"\",\"syscall\":\"liveness\",\"ts\":\"2026-01-02T03:04:05Z\",\
               \"verdict\":\"STALLED\"}\n";
    let journal = workspace.write(".dos/verdict-journal.jsonl", old);
    let mut daemon = Daemon::start(&workspace);
    daemon.wait_for("the sink fails", |line| {
        line["message"].as_str().is_some_and(|text| text.contains("cannot be reached"))
    });
    daemon.wait_for_worker("a");
    std::fs::create_dir(workspace.root().join("later")).expect("a directory");
    daemon.signal("TERM");
    assert_eq!(daemon.wait().code(), Some(0), "{}", daemon.log());
    // Whatever was not delivered before the stop is delivered by the next daemon.
    let mut daemon = Daemon::start(&workspace);
    daemon.wait_for_worker("a");
    daemon.signal("TERM");
    assert_eq!(daemon.wait().code(), Some(0), "{}", daemon.log());
    let journal = std::fs::read_to_string(journal).expect("the journal");
    let sent = std::fs::read_to_string(workspace.root().join("later/audit.jsonl"));
    let sent = sent.expect("the sink's file");
    assert!(sent.starts_with(old), "the event of long ago comes first, with its time: {sent}");
    assert!(journal.starts_with(&sent), "no event is missing and none is out of order");
}
