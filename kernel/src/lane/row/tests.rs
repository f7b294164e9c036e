//! The rows against what the Python package writes and reads.

use alloc::string::String;
use alloc::vec::Vec;

use serde_json::{Value, json};

use super::{
    Acquire, Adopt, Halt, Heartbeat, LaneRow, Refuse, Release, Scavenge, Spawn, WorkerExited,
    WorkerGaveUp, WorkerReset, WorkerStarted,
};
use crate::checksum;
use crate::lane::{Lease, Op};

const TS_MS: i64 = 1_795_375_885_000;
const TS: &str = "2026-11-22T19:31:25Z";

fn assert_row(row: &LaneRow, want: &Value) {
    let mut line = Vec::new();
    row.draft(TS_MS).write_into(&mut line, 1);
    let mut got: Value = serde_json::from_slice(&line).unwrap();
    got.as_object_mut().unwrap().remove(checksum::KEY).unwrap();
    assert_eq!(&got, want);
    assert_ne!(Op::of(got["op"].as_str().unwrap()), Op::Unknown);
}

fn s(text: &str) -> String {
    text.into()
}

#[test]
fn a_grant_is_on_the_row_and_in_its_lease() {
    let mut grant = Acquire {
        lane: s("main"),
        lane_kind: s("cluster"),
        tree: Vec::from([s("src/**")]),
        loop_ts: s("t"),
        host_id: s("vm"),
        pid: Some(7),
        holder: s("w1"),
        run_id: Some(s("RID-X")),
        reason: s("r"),
        ..Acquire::default()
    };
    assert_row(
        &LaneRow::Acquire(grant.clone()),
        &json!({
            "op": "ACQUIRE", "seq": 1, "ts": TS, "lane": "main", "lane_kind": "cluster",
            "tree": ["src/**"], "loop_ts": "t", "host_id": "vm", "pid": 7, "ttl_minutes": null,
            "prev_holder": null, "reason": "r",
            "lease": {
                "lane": "main", "lane_kind": "cluster", "tree": ["src/**"], "loop_ts": "t",
                "host_id": "vm", "pid": 7, "holder": "w1", "acquired_at": TS, "run_id": "RID-X",
            },
        }),
    );
    grant.ttl_minutes = Some(5);
    let draft = LaneRow::Acquire(grant).draft(TS_MS);
    assert_eq!(draft.fields()["ttl_minutes"], 5);
    assert_eq!(draft.fields()["lease"]["ttl_minutes"], 5);
}

#[test]
fn rows_about_a_lease_name_it() {
    let lease = json!({"lane": "main", "loop_ts": "t", "pid": 7, "holder": "w1"});
    let lease = Lease::new(lease.as_object().cloned().unwrap());
    assert_row(
        &LaneRow::release(&lease, "done"),
        &json!({"op": "RELEASE", "seq": 1, "ts": TS, "lane": "main", "loop_ts": "t",
            "host_id": null, "reason": "done"}),
    );
    assert_row(
        &LaneRow::scavenge(&lease, "stalled"),
        &json!({"op": "SCAVENGE", "seq": 1, "ts": TS, "lane": "main", "loop_ts": "t",
            "host_id": null, "pid": 7, "prev_holder": "w1", "reason": "stalled"}),
    );
    assert_row(
        &LaneRow::heartbeat(&lease),
        &json!({"op": "HEARTBEAT", "seq": 1, "ts": TS, "lane": "main", "loop_ts": "t",
            "host_id": null, "heartbeat_at": TS}),
    );
    assert_row(
        &LaneRow::Adopt(Adopt {
            lane: s("main"),
            loop_ts: s("t"),
            host_id: s("vm"),
            pid: Some(8),
            holder: s("w2"),
            prev_holder: Some(s("w1")),
            reason: s("r"),
        }),
        &json!({"op": "ADOPT", "seq": 1, "ts": TS, "lane": "main", "loop_ts": "t",
            "host_id": "vm", "pid": 8, "holder": "w2", "prev_holder": "w1", "heartbeat_at": TS,
            "reason": "r"}),
    );
}

#[test]
fn a_run_that_is_not_known_is_left_out_of_a_spawn_and_null_elsewhere() {
    assert_row(
        &LaneRow::Spawn(Spawn { lane: s("main"), holder: s("w1"), ..Spawn::default() }),
        &json!({"op": "SPAWN", "seq": 1, "ts": TS, "lane": "main", "loop_ts": "",
            "host_id": null, "holder": "w1", "pid": null, "reason": ""}),
    );
    assert_row(
        &LaneRow::Halt(Halt { handle: s("h"), command: Some(s("kill 1")), ..Halt::default() }),
        &json!({"op": "HALT", "seq": 1, "ts": TS, "handle": "h", "lane": "", "loop_ts": "",
            "host_id": null, "run_id": null, "command": "kill 1", "reason": ""}),
    );
    assert_row(
        &LaneRow::Refuse(Refuse { lane: s("main"), holder: s("w2"), ..Refuse::default() }),
        &json!({"op": "REFUSE", "seq": 1, "ts": TS, "lane": "main", "loop_ts": "",
            "host_id": null, "run_id": null, "holder": "w2", "reason": "", "reason_class": ""}),
    );
}

#[test]
fn worker_rows_identify_run_and_process() {
    assert_row(
        &LaneRow::WorkerStarted(WorkerStarted {
            lane: s("main"),
            run_id: s("r"),
            pid: 7,
            start_ticks: 9,
            boot_id: s("b"),
            pgid: 7,
            host_id: s("vm"),
            argv: Vec::from([s("true")]),
            start_sha: None,
            root_id: Some(s("top")),
        }),
        &json!({"op": "WORKER_STARTED", "seq": 1, "ts": TS, "lane": "main", "run_id": "r",
            "pid": 7, "start_ticks": 9, "boot_id": "b", "pgid": 7, "host_id": "vm",
            "argv": ["true"], "root_id": "top"}),
    );
    let exited = WorkerExited { lane: s("main"), run_id: s("r"), pid: Some(7), ..<_>::default() };
    assert_row(
        &LaneRow::WorkerExited(WorkerExited { signal: Some(9), ran_ms: 5, ..exited.clone() }),
        &json!({"op": "WORKER_EXITED", "seq": 1, "ts": TS, "lane": "main", "run_id": "r",
            "pid": 7, "code": null, "signal": 9, "ran_ms": 5}),
    );
    assert_row(
        &LaneRow::WorkerExited(WorkerExited { code: Some(0), ..exited.clone() }),
        &json!({"op": "WORKER_EXITED", "seq": 1, "ts": TS, "lane": "main", "run_id": "r",
            "pid": 7, "code": 0, "ran_ms": 0}),
    );
    let excused = Some(crate::restart::Excuse::Halted);
    assert_row(
        &LaneRow::WorkerExited(WorkerExited { signal: Some(15), excused, ..exited }),
        &json!({"op": "WORKER_EXITED", "seq": 1, "ts": TS, "lane": "main", "run_id": "r",
            "pid": 7, "code": null, "signal": 15, "ran_ms": 0, "excused": "halted"}),
    );
    assert_row(
        &LaneRow::WorkerReset(WorkerReset { lane: s("main"), gave_up: true, failures: 5 }),
        &json!({"op": "WORKER_RESET", "seq": 1, "ts": TS, "lane": "main", "gave_up": true,
            "failures": 5}),
    );
    assert_row(
        &LaneRow::WorkerGaveUp(WorkerGaveUp {
            lane: s("main"),
            run_id: s("r"),
            failures: 5,
            window_ms: 600_000,
        }),
        &json!({"op": "WORKER_GAVE_UP", "seq": 1, "ts": TS, "lane": "main", "run_id": "r",
            "failures": 5, "window_ms": 600_000}),
    );
}

#[test]
fn every_row_knows_its_op() {
    for row in [
        LaneRow::Release(Release::default()),
        LaneRow::Scavenge(Scavenge::default()),
        LaneRow::Heartbeat(Heartbeat::default()),
    ] {
        assert_eq!(row.draft(0).fields()["op"], row.op().as_str());
    }
}
