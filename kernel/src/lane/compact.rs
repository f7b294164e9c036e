//! Folding a list of rows to the few that still matter.
//!
//! Owns what a compacted journal holds at the least: the leases, the watermark of its
//! numbering, and a marker for each line that was damaged. Never writes a file.

use alloc::vec::Vec;

use serde_json::Value;

use super::fold::LaneFold;
use super::lease::Lease;
use super::op::Op;
use crate::Map;
use crate::fold::Fold as _;

/// The live leases that these rows add up to, first acquired first.
#[must_use]
pub fn replay(entries: &[Map]) -> Vec<Lease> {
    let fold = LaneFold::of(entries);
    fold.leases().map(|lease| Lease::clone(lease)).collect()
}

/// One CHECKPOINT, then every `_CORRUPT` marker as it was. The leases that they add
/// up to are the same, and the numbering never falls behind.
#[must_use]
pub fn compact(entries: &[Map]) -> Vec<Map> {
    let fold = LaneFold::of(entries);
    let leases = fold.leases().map(|lease| Value::Object(lease.fields().clone())).collect();
    let mut checkpoint = Map::new();
    checkpoint.insert("op".into(), Op::Checkpoint.as_str().into());
    checkpoint.insert("leases".into(), Value::Array(leases));
    checkpoint.insert("seq_watermark".into(), fold.highest_seq().into());
    let is_marker = |entry: &&Map| entry.get("op").is_some_and(|op| op == Op::Corrupt.as_str());
    let markers = entries.iter().filter(is_marker).cloned();
    core::iter::once(checkpoint).chain(markers).collect()
}
