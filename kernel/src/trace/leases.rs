//! The rows of the lane journal that are about one run.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;
use serde_json::Value;

use crate::Map;
use crate::fold::text_of;

/// One row, and how it is known to be about the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeaseEvent {
    /// What happened.
    pub op: String,
    /// The lane.
    pub lane: String,
    /// The loop stamp of the lease.
    pub loop_ts: String,
    /// When it was written.
    pub ts: String,
    /// Why, as it was written.
    pub reason: String,
    /// The class of a refusal, or empty.
    pub reason_class: String,
    /// `lease.run_id` when the lease names the run, `entry.run_id` when the row itself does.
    pub attributed_by: &'static str,
}

/// What the lane journal says about a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Leases {
    /// The rows about it, oldest first.
    pub lease_events: Vec<LeaseEvent>,
    /// Grants that name no run: some of them may be its own.
    pub unattributed_acquires: u64,
}

/// Finds the rows about a run. A grant names its run; what follows under the same identity
/// belongs to it.
#[must_use]
pub fn leases(rows: &[Map], run_id: &str) -> Leases {
    let mut found = Leases::default();
    let mut identities = BTreeSet::new();
    for row in rows.iter().filter(|row| text_of(row, "op") == "ACQUIRE") {
        match grantee(row) {
            "" => found.unattributed_acquires += 1,
            grantee if grantee == run_id => {
                identities.insert(identity(row));
            }
            _ => {}
        }
    }
    found.lease_events = rows
        .iter()
        .filter_map(|row| {
            let attributed_by = match text_of(row, "op") {
                "REFUSE" | "HALT" => (text_of(row, "run_id") == run_id).then_some("entry.run_id"),
                "ACQUIRE" | "RELEASE" | "HEARTBEAT" | "SCAVENGE" => {
                    identities.contains(&identity(row)).then_some("lease.run_id")
                }
                _ => None,
            };
            Some(event(row, attributed_by?))
        })
        .collect();
    found
}

/// The run that a grant is for: the lease says it, else the row.
fn grantee(row: &Map) -> &str {
    let lease = row.get("lease").and_then(Value::as_object).unwrap_or(row);
    match text_of(lease, "run_id") {
        "" => text_of(row, "run_id"),
        run_id => run_id,
    }
}

fn identity(row: &Map) -> (&str, &str) {
    (text_of(row, "loop_ts"), text_of(row, "lane"))
}

fn event(row: &Map, attributed_by: &'static str) -> LeaseEvent {
    let text = |key| String::from(text_of(row, key));
    let op = text("op");
    let is_decision = attributed_by == "entry.run_id";
    LeaseEvent {
        reason_class: if is_decision { text("reason_class") } else { String::new() },
        op,
        lane: text("lane"),
        loop_ts: text("loop_ts"),
        ts: text("ts"),
        reason: text("reason"),
        attributed_by,
    }
}

#[cfg(test)]
mod tests {
    use super::leases;
    use serde_json::{Value, json};
    use std::vec::Vec;

    #[test]
    fn rows_are_joined_by_what_they_say_and_never_by_their_time() {
        let rows: Vec<_> = [
            json!({"op": "ACQUIRE", "lane": "a", "loop_ts": "1", "lease": {"run_id": "R"}}),
            json!({"op": "ACQUIRE", "lane": "b", "loop_ts": "1", "run_id": "R"}),
            json!({"op": "ACQUIRE", "lane": "c", "loop_ts": "1"}),
            json!({"op": "ACQUIRE", "lane": "d", "loop_ts": "1", "lease": {"run_id": "other"}}),
            json!({"op": "HEARTBEAT", "lane": "a", "loop_ts": "1"}),
            json!({"op": "HEARTBEAT", "lane": "c", "loop_ts": "1"}),
            json!({"op": "REFUSE", "lane": "d", "run_id": "R", "reason_class": "BUSY"}),
            json!({"op": "SPAWN", "lane": "a", "loop_ts": "1", "run_id": "R"}),
            json!({"op": "RELEASE", "lane": "a", "loop_ts": "1", "reason_class": "hidden"}),
        ]
        .iter()
        .filter_map(Value::as_object)
        .cloned()
        .collect();
        let found = leases(&rows, "R");
        let ops: Vec<_> = found.lease_events.iter().map(|event| event.op.as_str()).collect();
        assert_eq!(ops, ["ACQUIRE", "ACQUIRE", "HEARTBEAT", "REFUSE", "RELEASE"]);
        assert_eq!(found.lease_events[3].attributed_by, "entry.run_id");
        assert_eq!(found.lease_events[3].reason_class, "BUSY");
        assert_eq!(found.lease_events[4].reason_class, "");
        assert_eq!(found.unattributed_acquires, 1);
    }
}
