//! Events that tests send.

use serde_json::{Value, json};

use crate::event::Event;
use crate::testing::event_id;

pub(in crate::otlp) const ROOT: &str = "RID-0GTFZGX800ABCDE";
pub(in crate::otlp) const RUN: &str = "RID-0GTFZGX900FGHJK";

/// The stamp of all rows: 1,795,375,885 s.
pub(in crate::otlp) const TS: &str = "2026-11-22T19:31:25Z";
pub(in crate::otlp) const TS_NANOS: u64 = 1_795_375_885_000_000_000;

/// The event of a row at `offset`.
pub(in crate::otlp) fn event_of(offset: u64, row: &Value) -> Event {
    Event::parse(event_id(offset), row.to_string()).unwrap()
}

/// A row about a run of a fleet.
pub(in crate::otlp) fn of_run(
    offset: u64,
    syscall: &str,
    verdict: &str,
    mut detail: Value,
) -> Event {
    detail["root_id"] = ROOT.into();
    let row = json!({
        "syscall": syscall, "verdict": verdict, "run_id": RUN, "lane": "api", "subject": "",
        "source": "kernel", "ts": TS, "detail": detail,
    });
    event_of(offset, &row)
}

/// So many events of a run, told apart by `number`.
pub(in crate::otlp) fn many(count: u64) -> Vec<Event> {
    (0..count).map(|at| of_run(at * 100, "liveness", "SPINNING", json!({"number": at}))).collect()
}
