//! `dosd exporters`: what an operator sees and does.

use super::receiver::Receiver;
use super::{append, status, status_when, workspace};
use crate::support::daemon::Daemon;
use crate::support::workspace::Workspace;
use serde_json::Value;

fn hooked(receiver: &Receiver) -> Workspace {
    workspace(&format!(
        "[[dosd.exporter]]\nkind = \"webhook\"\nname = \"hook\"\nurl = \"{}\"\nfrom = \"start\"\n\
         syscalls = [\"verify\", \"exporter\"]\n",
        receiver.url
    ))
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
    // What was sent is settled a moment later, when its cursor is on disk.
    let resting = status_when(&workspace, "resting", |it| {
        it["daemon"]["sent"] == 3 && it["behind_bytes"] == 0
    });
    assert_eq!(resting["dead_letters"], 0);
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

/// A drain, which ends with this code; its answer.
fn export(workspace: &Workspace, flags: &[&str], code: i32) -> Value {
    let answer =
        workspace.dosd(&[&["export", "--json", "--since", "auto", "--to"], flags].concat());
    assert_eq!(answer.code, code, "{flags:?}: {answer:?}");
    answer.values().remove(0)
}

#[test]
fn a_drain_without_a_daemon_goes_on_behind_what_each_sink_took() {
    let receiver = Receiver::start();
    let workspace = workspace("");
    append(&workspace, 0..3);
    let base = receiver.url.strip_suffix("/hook").unwrap();
    let agent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    agent.set_read_timeout(Some(std::time::Duration::from_mins(1))).unwrap();
    let port = agent.local_addr().unwrap().port().to_string();
    for flags in [
        &["webhook", "--url", &receiver.url][..],
        &["otlp", "--endpoint", base],
        &["statsd", "--host", "127.0.0.1", "--port", &port],
    ] {
        let first = export(&workspace, flags, 0);
        assert_eq!((&first["shipped"], &first["result"]["exported"]), (&3.into(), &3.into()));
        assert_eq!(export(&workspace, flags, 0)["shipped"], 0, "{flags:?}: they were taken");
    }
    let mut datagram = [0; 2048];
    let length = agent.recv(&mut datagram).unwrap();
    let line = String::from_utf8_lossy(&datagram[..length]).trim_end().to_owned();
    assert_eq!(line, "dos.verdict:3|c|#syscall:verify,verdict:OPEN");
    let ids: Vec<String> = receiver.taken().into_iter().map(|it| it.id).collect();
    assert_eq!(ids.iter().filter(|id| !id.is_empty()).count(), 3, "{ids:?}");

    // What is refused for good is kept beside the place, and does not come again.
    append(&workspace, 3..5);
    receiver.then(&[400, 200]);
    let refused = export(&workspace, &["webhook", "--url", &receiver.url], 1);
    assert_eq!(refused["result"]["exported"], 1, "{refused}");
    let dead = std::fs::read_to_string(workspace.root().join(".dos/drains/webhook.dead.jsonl"));
    assert!(dead.unwrap().contains("400"));
    // What is not taken for now does.
    append(&workspace, 5..6);
    receiver.then(&[500]);
    let down = export(&workspace, &["webhook", "--url", &receiver.url], 1);
    assert_eq!(down["result"]["exported"], 0, "{down}");
    assert_eq!(export(&workspace, &["webhook", "--url", &receiver.url], 0)["shipped"], 1);
}

#[test]
fn a_destination_that_is_not_named_is_said() {
    let workspace = workspace("");
    append(&workspace, 0..1);
    for (kind, word) in [("webhook", "--url"), ("slack", "SLACK_BOT_TOKEN")] {
        let answer = export(&workspace, &[kind], 1);
        assert!(answer["result"]["detail"].as_str().unwrap().contains(word), "{answer}");
    }
    workspace.write(".env", "DOS_WEBHOOK_URL=http://127.0.0.1:1/?key=hidden\n");
    let dry = export(&workspace, &["webhook", "--dry-run"], 0);
    let detail = dry["result"]["detail"].as_str().unwrap();
    assert!(detail.contains("http://127.0.0.1:1/?…") && !detail.contains("hidden"), "{detail}");
}
