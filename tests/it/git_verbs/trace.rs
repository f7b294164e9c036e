//! `dosd trace`.

use super::same;
use crate::support::peer::Peer;
use crate::support::repository::Repository;
use crate::support::workspace::Workspace;
use serde_json::{Value, json};

const RUN: &str = "RID-1M82S4XZC3MKKR0";
const PARENT: &str = "RID-1M82S4XZC3MKKR1";

pub(super) fn lines(rows: &[Value]) -> String {
    rows.iter().map(|row| row.to_string() + "\n").collect()
}

/// A workspace in which everything is known of one run.
fn known() -> Repository {
    let repository = Repository::new();
    let start = repository.commit("start", &["README.md"]);
    repository.commit("one — ü\twith a tab", &["a.rs"]);
    repository.commit("two", &["b.rs"]);
    let workspace = &repository.workspace;
    for (run, parent) in
        [(RUN, PARENT), (PARENT, ""), ("RID-C", RUN), ("RID-D", "RID-C"), ("RID-E", "RID-X")]
    {
        let record = json!({"run_id": run, "parent_id": parent, "root_id": PARENT,
            "process_id": "PROC-test", "ts_ms": 1});
        workspace.write(&format!(".dos/runs/{run}/run.json"), record.to_string());
    }
    workspace.write(".dos/runs/RID-broken/run.json", "{");
    workspace.write(
        &format!(".dos/runs/{RUN}/intent.jsonl"),
        lines(&[
            json!({"op": "INTENT", "run_id": RUN, "goal": "g", "plan": "AUTH", "phase": "AUTH2",
                "start_sha": start, "declared_steps": ["a", "b", "c"],
                "schema": {"family": "intent-ledger", "version": 1}}),
            json!({"op": "STEP_CLAIMED", "step_id": "z", "sha": "1"}),
            json!({"op": "STEP_CLAIMED", "step_id": "b", "sha": "2"}),
            json!({"op": "STEP_VERIFIED", "step_id": "a", "sha": "3", "via": "file-path"}),
            json!({"op": "LATER", "schema": {"family": "intent-ledger", "version": 2}}),
            json!({"op": "ACQUIRE", "schema": {"family": "lane-journal", "version": 1}}),
        ]) + "{torn\n[1]\n{\"op\":\"SUSPEND\"}\n{\"op\":",
    );
    let key = |lane| json!({"lane": lane, "loop_ts": "L", "ts": "2026-11-22T19:31:25Z"});
    let row = |op, lane, more: Value| {
        let mut row = key(lane);
        row["op"] = Value::from(op);
        for (key, value) in more.as_object().expect("an object") {
            row[key] = value.clone();
        }
        row
    };
    workspace.write(
        ".dos/lane-journal.jsonl",
        lines(&[
            row("ACQUIRE", "a", json!({"lease": {"lane": "a", "loop_ts": "L", "run_id": RUN}})),
            row("ACQUIRE", "b", json!({"run_id": RUN, "reason": "b"})),
            row("ACQUIRE", "c", json!({})),
            row("ACQUIRE", "d", json!({"lease": {"run_id": "RID-other"}})),
            row("HEARTBEAT", "a", json!({})),
            row("HEARTBEAT", "c", json!({})),
            row("REFUSE", "d", json!({"run_id": RUN, "reason_class": "BUSY", "reason": "r"})),
            row("HALT", "a", json!({"run_id": RUN})),
            row("SPAWN", "a", json!({"run_id": RUN})),
            row("RELEASE", "a", json!({"reason": "done"})),
        ]) + "{\"op\n",
    );
    repository
}

#[test]
fn everything_is_joined_as_by_the_peer() {
    let mut peer = Peer::start();
    let repository = known();
    for run in [RUN, PARENT, "RID-C", "RID-E", "RID-X", "RID-other", "RID-none", "RID-broken"] {
        same(&mut peer, &repository.workspace, &["trace", run, "--json"]);
    }
    let answer = repository.workspace.dosd(&["trace", RUN, "--json"]);
    let trace = answer.values().remove(0);
    assert_eq!((answer.code, &trace["found"]), (0, &json!(true)));
    assert_eq!(trace["git"]["commits"].as_array().map(Vec::len), Some(2));
    assert_eq!(trace["intent"]["residual"], json!(["b", "c", "z"]));
    assert_eq!(trace["intent"]["corrupt_ledger_lines"], 3);
    assert_eq!(trace["wal"]["lease_events"].as_array().map(Vec::len), Some(6));
    assert_eq!(trace["wal"]["lease_events"][2]["op"], "HEARTBEAT");
    assert_eq!(trace["spine"]["ancestors"], json!([PARENT]));
    assert_eq!(trace["spine"]["descendants"], json!(["RID-C", "RID-D"]));
    let text = repository.workspace.dosd(&["trace", RUN]).stdout;
    assert!(text.contains("step     b  claimed with 2, not confirmed\n"), "{text}");
}

#[test]
fn the_runs_are_where_the_configuration_says() {
    let mut peer = Peer::start();
    let workspace = Workspace::new();
    workspace.write("dos.toml", "[paths]\nfanout_runs = \"state/runs\"\n");
    workspace.write(&format!("state/runs/{RUN}/run.json"), json!({"run_id": RUN}).to_string());
    assert_eq!(same(&mut peer, &workspace, &["trace", RUN, "--json"]).code, 0);
}

#[test]
fn a_run_of_which_nothing_is_known_ends_with_one() {
    let mut peer = Peer::start();
    let workspace = Workspace::new();
    let answer = same(&mut peer, &workspace, &["trace", "RID-none", "--json"]);
    assert_eq!(answer.code, 1);
    for blank in ["", "  "] {
        assert_eq!(same(&mut peer, &workspace, &["trace", blank]).code, 2);
    }
}

#[test]
fn an_id_cannot_lead_out_of_the_runs() {
    let workspace = Workspace::new();
    workspace.write(".dos/elsewhere/run.json", "{\"run_id\": \"x\"}");
    workspace.write(".dos/runs/run.json", "{\"run_id\": \"x\"}");
    for run in ["../elsewhere", "..", ".", "a/../../elsewhere"] {
        let answer = workspace.dosd(&["trace", run, "--json"]);
        assert_eq!((answer.code, &answer.values()[0]["found"]), (1, &json!(false)), "{run}");
    }
}
