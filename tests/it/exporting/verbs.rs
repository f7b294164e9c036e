//! `dosd exporters`: what an operator sees and does.

use super::receiver::Receiver;
use super::{append, workspace};
use crate::support::daemon::Daemon;
use crate::support::workspace::Workspace;
use dosd_actors::port::{Clock, SystemClock};
use serde_json::Value;
use std::time::Duration;

fn hooked(receiver: &Receiver) -> Workspace {
    workspace(&format!(
        "[[dosd.exporter]]\nkind = \"webhook\"\nname = \"hook\"\nurl = \"{}\"\nfrom = \"start\"\n\
         syscalls = [\"verify\", \"exporter\"]\n",
        receiver.url
    ))
}

fn status(workspace: &Workspace) -> Value {
    let answer = workspace.dosd(&["exporters", "status", "--json"]);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    answer.values().remove(0)[0].clone()
}

/// Looks until the exporter is as wanted.
fn status_when(workspace: &Workspace, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let clock = SystemClock::new();
    loop {
        let status = status(workspace);
        if wanted(&status) {
            return status;
        }
        assert!(clock.monotonic() < Duration::from_mins(1), "never {what}: {status}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

#[test]
fn status_shows_what_was_sent_and_what_waits() {
    let receiver = Receiver::start();
    let workspace = hooked(&receiver);
    append(&workspace, 0..3);
    let stopped = status(&workspace);
    assert_eq!((&stopped["state"], &stopped["name"]), (&"stopped".into(), &"hook".into()));

    let daemon = Daemon::start(&workspace);
    receiver.wait_for(3);
    let resting = status_when(&workspace, "resting", |it| it["daemon"]["sent"] == 3);
    assert_eq!((&resting["behind_bytes"], &resting["dead_letters"]), (&0.into(), &0.into()));
    let shown = workspace.dosd(&["exporters", "status", "--check"]);
    assert_eq!(shown.code, 0, "{}", shown.stdout);
    assert!(
        shown.stdout.lines().count() == 2 && shown.stdout.contains("webhook"),
        "{}",
        shown.stdout
    );

    receiver.answer(500);
    append(&workspace, 3..4);
    let waiting = status_when(&workspace, "waiting", |it| it["problem"].is_string());
    assert!(waiting["behind_bytes"].as_u64() > Some(0), "{waiting}");
    assert!(waiting["problem"].as_str().unwrap().contains("500"), "{waiting}");
    receiver.answer(200);
    receiver.wait_for(4);
    drop(daemon);
}

#[test]
fn what_is_refused_for_good_is_kept_and_replayed_with_its_id() {
    let receiver = Receiver::start();
    let workspace = hooked(&receiver);
    append(&workspace, 0..3);
    receiver.then(&[200, 400, 200]);
    let daemon = Daemon::start(&workspace);
    receiver.wait_for(2);
    let found = status_when(&workspace, "a dead letter", |it| it["dead_letters"] == 1);
    assert_eq!(found["daemon"]["dead_lettered"], 1);
    assert_eq!(workspace.dosd(&["exporters", "status", "--check"]).code, 1);
    let dead = std::fs::read_to_string(workspace.root().join(".dos/exporters/hook.dead.jsonl"));
    let dead: Value = serde_json::from_str(&dead.unwrap()).unwrap();
    assert!(dead["reason"].as_str().unwrap().contains("400"), "{dead}");

    receiver.answer(400);
    let again = workspace.dosd(&["exporters", "replay", "hook", "--json"]);
    assert_eq!(again.code, 1, "{}", again.stderr);
    assert_eq!(again.values()[0]["refused"], 1);
    receiver.answer(200);
    let replayed = workspace.dosd(&["exporters", "replay", "hook"]);
    assert_eq!(
        (replayed.code, replayed.stdout.as_str()),
        (0, "hook: 1 sent, 0 refused again, 0 not sent\n")
    );
    let last = receiver.taken().pop().unwrap();
    assert_eq!(Value::from(last.id), dead["event_id"]);
    let none = workspace.dosd(&["exporters", "replay", "hook"]);
    assert_eq!((none.code, none.stdout.as_str()), (0, "hook has no dead letters\n"));
    drop(daemon);
}

#[test]
fn a_sink_that_is_gone_is_left_alone_until_it_is_resumed() {
    let receiver = Receiver::start();
    let workspace = hooked(&receiver);
    append(&workspace, 0..2);
    receiver.answer(410);
    let daemon = Daemon::start(&workspace);
    let gone = status_when(&workspace, "disabled", |it| it["state"] == "disabled");
    assert!(gone["problem"].as_str().unwrap().contains("410"), "{gone}");
    assert_eq!(receiver.taken(), []);
    drop(daemon);
    assert_eq!(status(&workspace)["state"], "disabled", "it is known without a daemon");

    // Without a daemon in the file, with one through it.
    receiver.answer(200);
    let resumed = workspace.dosd(&["exporters", "resume", "hook", "--json"]);
    assert_eq!(resumed.values()[0]["was_disabled"], true, "{}", resumed.stderr);
    let daemon = Daemon::start(&workspace);
    receiver.wait_for(2);
    receiver.answer(410);
    append(&workspace, 2..3);
    status_when(&workspace, "disabled again", |it| it["state"] == "disabled");
    receiver.answer(200);
    let resumed = workspace.dosd(&["exporters", "resume", "hook"]);
    assert_eq!((resumed.code, resumed.stdout.as_str()), (0, "hook sends again\n"));
    receiver.wait_for(3);
    let twice = workspace.dosd(&["exporters", "resume", "hook"]);
    assert_eq!((twice.code, twice.stdout.as_str()), (0, "hook was not disabled\n"));
    drop(daemon);
}

#[test]
fn a_test_event_says_that_it_is_one() {
    let receiver = Receiver::start();
    let workspace = hooked(&receiver);
    let checked = workspace.dosd(&["exporters", "test", "hook", "--check"]);
    assert_eq!((checked.code, checked.stdout.as_str()), (0, "hook (webhook): can be reached\n"));
    assert_eq!(receiver.taken(), []);
    let tested = workspace.dosd(&["exporters", "test", "hook", "--json"]);
    assert_eq!(tested.code, 0, "{}", tested.stdout);
    let event = receiver.taken().pop().unwrap();
    assert_eq!(event.body["data"]["verdict"], "TEST");
    assert_eq!(tested.values()[0]["event_id"], Value::from(event.id));
    receiver.answer(403);
    let refused = workspace.dosd(&["exporters", "test", "hook"]);
    assert!(refused.code == 1 && refused.stdout.contains("403"), "{refused:?}");
    let unknown = workspace.dosd(&["exporters", "test", "hok"]);
    assert!(unknown.code == 2 && unknown.stderr.contains("known are: `hook`"), "{unknown:?}");
}

#[test]
fn a_sink_that_cannot_be_made_is_said_and_its_events_wait() {
    let receiver = Receiver::start();
    let workspace = workspace(
        "[[dosd.exporter]]\nkind = \"webhook\"\nname = \"hook\"\nurl_env = \"HOOK_URL\"\n\
         from = \"start\"\nsyscalls = [\"verify\"]\n",
    );
    append(&workspace, 0..2);
    let doctor = workspace.dosd(&["doctor", "--check"]);
    assert_eq!(doctor.code, 1);
    assert!(doctor.stdout.contains("`HOOK_URL` is not set"), "{}", doctor.stdout);
    let daemon = Daemon::start(&workspace);
    let failing = status_when(&workspace, "failing", |it| it["problem"].is_string());
    assert!(failing["problem"].as_str().unwrap().contains("`HOOK_URL` is not set"), "{failing}");
    drop(daemon);
    let daemon = Daemon::watch(
        workspace.command(&["run", "--log-format", "json"]).env("HOOK_URL", &receiver.url),
    );
    receiver.wait_for(2);
    drop(daemon);
}
