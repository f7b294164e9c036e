//! A lane has at most one live holder.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde_json::Value;

use super::{Invariant, Row, Violation};
use crate::lane::{LeaseKey, Op};

/// Whether ever two leases lived on one lane at the same time, of those lanes that carry one
/// holder (`is_for_one`). A lease that blocks nobody any more has to be taken back by a row of
/// its own before the next is granted, so every second one counts. Holds always.
#[must_use]
pub fn one_holder(rows: &[Row], is_for_one: impl Fn(&str) -> bool) -> Vec<Violation> {
    let mut live: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut violations = Vec::new();
    let mut grant = |live: &mut BTreeMap<String, Vec<String>>, key: LeaseKey, row: &Row| {
        let holders = live.entry(key.lane.clone()).or_default();
        if holders.contains(&key.loop_ts) {
            return;
        }
        if let Some(other) = holders.first()
            && is_for_one(&key.lane)
        {
            violations.push(Violation {
                invariant: Invariant::OneHolder,
                place: row.place(),
                what: format!("`{}` of lane `{}` beside `{other}`", key.loop_ts, key.lane),
            });
        }
        holders.push(key.loop_ts);
    };
    for row in rows {
        #[expect(clippy::wildcard_enum_match_arm, reason = "no other row moves a lease")]
        match row.op() {
            Op::Checkpoint => {
                live.clear();
                let leases = row.fields.get("leases").and_then(Value::as_array);
                for lease in leases.into_iter().flatten().filter_map(Value::as_object) {
                    if let Some(key) = LeaseKey::of(lease) {
                        grant(&mut live, key, row);
                    }
                }
            }
            Op::Acquire | Op::Reconcile => {
                if let Some(key) = LeaseKey::of(&row.fields) {
                    grant(&mut live, key, row);
                }
            }
            Op::Release | Op::Scavenge => {
                if let Some(key) = LeaseKey::of(&row.fields)
                    && let Some(holders) = live.get_mut(&key.lane)
                {
                    holders.retain(|loop_ts| *loop_ts != key.loop_ts);
                }
            }
            _ => {}
        }
    }
    violations
}
