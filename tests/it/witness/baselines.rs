//! What was read before a run started: it outlives the daemon, says when it could not be taken, and
//! shows what nobody claimed.

use super::fleet::{Run, rows, workspace};
use crate::support::daemon::{Daemon, signal_group};
use crate::support::workspace::Workspace;
use serde_json::Value;

const ORDERS: &str = r#"
[[dosd.witness]]
name = "orders"
kind = "json"
path = "orders.json"
"#;

/// Ends the worker of a run and gives the detail of its EXITED verdict.
fn end(daemon: &mut Daemon, workspace: &Workspace, run: &Run) -> Value {
    signal_group(run.pid, "KILL");
    daemon.wait_for("the next worker", |line| line["message"] == "worker started");
    let verdicts = rows(workspace, ".dos/verdict-journal.jsonl");
    let exited = verdicts.iter().find(|row| row["verdict"] == "EXITED" && row["run_id"] == *run.id);
    exited.expect("an EXITED verdict")["detail"].clone()
}

#[test]
fn a_baseline_outlives_a_daemon_that_was_killed() {
    let workspace = workspace(ORDERS);
    workspace.write("orders.json", r#"{"41": 1}"#);
    let mut daemon = Daemon::start(&workspace);
    let run = Run::begin(&mut daemon);
    workspace.write("orders.json", r#"{"41": 1, "42": 1, "43": 1}"#);
    assert_eq!(run.verdict(&workspace, &["orders:43"]), "CONFIRMED");
    daemon.kill();
    let mut next = Daemon::start(&workspace);
    next.wait_for("the worker is watched again", |line| line["pid"] == run.pid);
    assert_eq!(run.verdict(&workspace, &["orders:41"]), "REFUTED", "it was there before");
    assert_eq!(run.verdict(&workspace, &["orders:44"]), "REFUTED");
    let detail = end(&mut next, &workspace, &run);
    assert_eq!(detail["unclaimed"], 1, "the claims of before are remembered, too: {detail}");
    assert_eq!(detail["unclaimed_keys"], serde_json::json!(["orders:42"]));
    let after = run.judge(&workspace, &["orders:42"]);
    assert_eq!((&after.0["verdict"], after.1), (&"UNWITNESSED".into(), 3), "its run is over");
}

#[test]
fn a_baseline_that_cannot_be_taken_is_said_at_once_and_decides_nothing() {
    let workspace = workspace(ORDERS);
    let mut daemon = Daemon::start(&workspace);
    let said = daemon.wait_for("the surface cannot be read", |line| line["level"] == "WARN");
    let message = said["message"].as_str().unwrap_or_default();
    assert!(message.contains("stay unwitnessed") && message.contains("orders.json"), "{message}");
    let run = Run::begin(&mut daemon);
    for (text, key) in [("{}", "orders:42"), (r#"{"42": 1}"#, "orders:42"), ("{}", "42")] {
        workspace.write("orders.json", text);
        let (said, code) = run.judge(&workspace, &[key]);
        assert_eq!((&said["verdict"], code), (&"UNWITNESSED".into(), 3), "{said}");
        let reason = said["reason"].as_str().unwrap_or_default();
        assert!(reason.contains("at the run's start"), "{reason}");
    }
    signal_group(run.pid, "KILL");
    daemon.wait_for("the surface can be read again", |line| {
        line["message"] == "surface `orders` can be read again"
    });
    let next = Run::begin(&mut daemon);
    workspace.write("orders.json", r#"{"42": 1}"#);
    assert_eq!(next.verdict(&workspace, &["orders:42"]), "CONFIRMED");
    let verdicts = rows(&workspace, ".dos/verdict-journal.jsonl");
    let exited = verdicts.iter().find(|row| row["verdict"] == "EXITED").expect("an end");
    assert_eq!(exited["detail"]["unclaimed"], Value::Null, "not 0: nobody knows");
}

#[test]
fn what_nobody_claimed_is_counted_when_a_run_ends() {
    let stock = "[[dosd.witness]]\nname = \"stock\"\nkind = \"dir\"\npath = \"stock\"\n";
    let workspace = workspace(&format!("{ORDERS}{stock}"));
    workspace.write("orders.json", r#"{"00": 1, "01": 1}"#);
    workspace.write("stock/nails", "100");
    let mut daemon = Daemon::start(&workspace);
    let run = Run::begin(&mut daemon);
    let mut orders: serde_json::Map<String, Value> =
        (1..30).map(|at| (format!("{at:02}"), 1.into())).collect();
    orders.insert("01".into(), 2.into());
    workspace.write("orders.json", Value::Object(orders).to_string());
    workspace.write("stock/nails", "90");
    run.verdict(&workspace, &["orders:05"]);
    run.verdict(&workspace, &["06"]);
    run.verdict(&workspace, &["stock:07"]);
    let detail = end(&mut daemon, &workspace, &run);
    // 00 is gone, 01 has changed, 02 to 29 are new, less two that are claimed; and the nails.
    assert_eq!(detail["unclaimed"], 1 + 1 + 26 + 1, "{detail}");
    let keys = detail["unclaimed_keys"].as_array().expect("keys");
    assert_eq!(keys.len(), 20);
    for (key, is_named) in [
        ("orders:00", true),
        ("orders:01", true),
        ("orders:05", false),
        ("orders:06", false),
        ("orders:07", true),
    ] {
        assert_eq!(keys.contains(&key.into()), is_named, "{key}: {keys:?}");
    }
}
