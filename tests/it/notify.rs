//! `dosd notify`: the peer's keys and codes, and what a receiver gets.

use crate::exporting::receiver::Receiver;
use crate::support::peer::Peer;
use crate::support::workspace::{Answer, Workspace};
use dosd_actors::port::{Clock, SystemClock};
use dosd_kernel::stamp;
use serde_json::{Value, json};

/// A workspace with leases and refusals of so many minutes ago.
fn workspace(rows: &[Value]) -> Workspace {
    let workspace = Workspace::new();
    workspace.write("dos.toml", "[lanes]\nconcurrent = [\"a\", \"b\", \"c\"]\n");
    let rows: Vec<String> = rows.iter().map(Value::to_string).collect();
    workspace.write(".dos/lane-journal.jsonl", rows.join("\n") + "\n");
    workspace
}

fn ago(minutes: i64) -> String {
    stamp::format_ms(SystemClock::new().now_ms() - minutes * 60_000)
}

fn held(lane: &str, holder: &str, minutes: i64) -> Value {
    json!({"op": "ACQUIRE", "ts": ago(minutes), "seq": 1, "lane": lane, "loop_ts": lane, "lease":
        {"lane": lane, "loop_ts": lane, "holder": holder, "acquired_at": ago(minutes)}})
}

fn beat(lane: &str) -> Value {
    json!({"op": "HEARTBEAT", "ts": ago(1), "seq": 2, "lane": lane, "loop_ts": lane})
}

fn refused(lane: &str, reason: &str) -> Value {
    json!({"op": "REFUSE", "ts": ago(5), "seq": 3, "lane": lane, "loop_ts": "", "reason": reason})
}

fn halt(lane: &str) -> Value {
    json!({"op": "HALT", "ts": ago(3), "seq": 4, "lane": lane, "loop_ts": lane, "handle": "7",
        "reason": "spins", "command": "kill 7"})
}

/// What is left of an answer when our words and signs are taken out of it.
fn without_wording(answer: &Answer) -> Value {
    let mut value = answer.values().remove(0);
    let notification = &mut value["notification"];
    assert!(notification["summary"].as_str().is_some_and(|text| !text.is_empty()));
    notification["summary"] = Value::Null;
    let title = notification["title"].as_str().unwrap_or_default();
    let numbers: String = title.chars().filter(|it| it.is_ascii_digit() || *it == ' ').collect();
    notification["title"] = numbers.split_whitespace().collect::<Vec<_>>().join(" ").into();
    for field in notification["fields"].as_array_mut().expect("fields") {
        let text = field[1].as_str().unwrap_or_default();
        let plain: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
        field[1] = plain.replace("times", "").into();
    }
    assert!(value["result"]["detail"].as_str().is_some_and(|text| !text.is_empty()));
    value["result"]["detail"] = Value::Null;
    value
}

#[test]
fn notifications_have_the_peers_keys_and_codes() {
    let mut peer = Peer::start();
    let cases = [
        vec![],
        vec![held("a", "w1", 120), held("b", "w2", 120), beat("b"), held("c", "w3", 1)],
        vec![held("b", "w2", 120), beat("b"), refused("a", "busy"), refused("c", "held")],
        vec![held("b", "w2", 120), halt("b"), refused("a", "busy"), refused("a", "busy")],
    ];
    for rows in cases {
        let workspace = workspace(&rows);
        for flags in [
            &["notify", "decisions"][..],
            &["notify", "decisions", "--all", "--top", "1"],
            &["notify", "decisions", "--all", "--top", "-1"],
            &["notify", "top"],
            &["notify", "decisions", "--notifier", "webhook"],
            &["notify", "decisions", "--notifier", "slack"],
            &["notify", "top", "--notifier", "pigeon"],
        ] {
            for json in [true, false] {
                let flags = if json { [flags, &["--json"]].concat() } else { flags.to_vec() };
                let ours = workspace.dosd(&flags);
                let theirs = peer.dos(workspace.root(), &flags);
                assert_eq!(ours.code, theirs.code, "{flags:?}: {ours:?} {theirs:?}");
                if json && ours.code == 0 {
                    let what = format!("{flags:?} {rows:?}");
                    assert_eq!(without_wording(&ours), without_wording(&theirs), "{what}");
                }
            }
        }
    }
}

#[test]
fn a_webhook_gets_the_notification_with_a_text() {
    let receiver = Receiver::start();
    let workspace = workspace(&[refused("a", "busy")]);
    let told = |more: &[&str]| {
        let flags = ["notify", "decisions", "--notifier", "webhook", "--url", &receiver.url];
        workspace.dosd(&[&flags, more].concat())
    };
    let dry = told(&["--dry-run"]);
    assert_eq!((dry.code, receiver.taken().len()), (0, 0), "{dry:?}");
    let sent = told(&[]);
    assert!(sent.code == 0 && sent.stdout.contains("sent by webhook"), "{sent:?}");
    let got = receiver.taken().remove(0).body;
    assert_eq!((&got["severity"], &got["key"]), (&"WARN".into(), &"dos-decisions".into()));
    assert_eq!(got["fields"][0][0], "ARBITER_REFUSE @ a");
    assert!(got["text"].as_str().unwrap().starts_with("▲ [WARN] 1 decision needs you\n"), "{got}");
    receiver.answer(503);
    let refused = told(&[]);
    assert!(refused.code == 1 && refused.stdout.contains("503"), "{refused:?}");
    let answer = told(&["--json"]);
    assert_eq!((answer.code, &answer.values()[0]["result"]["delivered"]), (0, &false.into()));
}
