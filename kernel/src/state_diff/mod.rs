//! What changed between two snapshots of a surface, as evidence about a claim.
//!
//! Owns the difference of two maps from entity keys to JSON values. Never reads a
//! snapshot: one that cannot be read must not reach this module as an empty one.

mod canonical;
mod digest;
mod json_text;
mod pointer;
mod tally;

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;

use serde::Serialize;
use serde_json::{Number, Value};

use crate::effect_witness::{Claim, EffectReport, join};
use crate::evidence::{Accountability, Fact, Stance};
use crate::invalid::InvalidArgument;

pub use digest::{Digest, Digester, read_text, read_value};
pub use pointer::{KeyError, Pointer};
pub use tally::{Change, SortedEntities, Tally, UNCLAIMED_KEYS, tally};

/// The state of a surface: entity key to value.
pub type Snapshot = BTreeMap<String, Value>;

/// The name of this source in facts and reports.
pub const SOURCE_NAME: &str = "state_diff";

/// What changed. Each list is sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct StateDelta {
    /// Keys that only the later snapshot has.
    pub inserted: Vec<String>,
    /// Keys that both have, with different values.
    pub updated: Vec<String>,
    /// Keys that only the earlier snapshot has.
    pub deleted: Vec<String>,
}

impl StateDelta {
    /// How a key changed into what it is now, if it did: `inserted` or `updated`.
    fn change(&self, key: &str) -> Option<&'static str> {
        let holds = |keys: &[String]| keys.binary_search_by(|held| held.as_str().cmp(key)).is_ok();
        if holds(&self.inserted) {
            Some("inserted")
        } else if holds(&self.updated) {
            Some("updated")
        } else {
            None
        }
    }
}

/// Compares two snapshots: one walk over both, in key order. Only the keys that
/// changed are copied.
#[must_use]
pub fn diff(before: &Snapshot, after: &Snapshot) -> StateDelta {
    let mut delta = StateDelta::default();
    let (mut old, mut new) = (before.iter(), after.iter());
    let (mut left, mut right) = (old.next(), new.next());
    loop {
        let order = match (left, right) {
            (None, None) => return delta,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some((a, _)), Some((b, _))) => a.cmp(b),
        };
        match (order, left, right) {
            (Ordering::Less, Some((key, _)), _) => delta.deleted.push(key.clone()),
            (Ordering::Greater, _, Some((key, _))) => delta.inserted.push(key.clone()),
            (Ordering::Equal, Some((key, a)), Some((_, b))) if !json_equal(a, b) => {
                delta.updated.push(key.clone());
            }
            _ => {}
        }
        if order != Ordering::Greater {
            left = old.next();
        }
        if order != Ordering::Less {
            right = new.next();
        }
    }
}

/// Equality of JSON values: numbers by their value, so 1 equals 1.0, and nothing
/// across types, so `true` is not 1.
#[must_use]
pub fn json_equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => number_equal(a, b),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| json_equal(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|((k, a), (l, b))| k == l && json_equal(a, b))
        }
        _ => a == b,
    }
}

fn number_equal(a: &Number, b: &Number) -> bool {
    let integer = |n: &Number| n.as_i64().map(i128::from).or_else(|| n.as_u64().map(i128::from));
    match (integer(a), integer(b)) {
        (Some(a), Some(b)) => a == b,
        (Some(i), None) => b.as_f64().is_some_and(|f| float_is(f, i)),
        (None, Some(i)) => a.as_f64().is_some_and(|f| float_is(f, i)),
        (None, None) => a == b,
    }
}

/// Whether a float is exactly an integer; rounding the integer to a float first
/// would make neighbours above 2^53 equal.
#[expect(clippy::cast_possible_truncation, reason = "the cast saturates, and is then checked")]
fn float_is(float: f64, integer: i128) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "exact for what came from a float")]
    #[expect(clippy::float_cmp, reason = "an exact comparison is meant")]
    let whole = (float as i128) as f64 == float;
    whole && float as i128 == integer
}

/// What the difference says about a claim. Looks for the claim's probe, trimmed:
/// there if inserted or updated, refuted if not, no signal if blank.
///
/// # Errors
///
/// When the snapshots' rung is forgeable: they then are no witness.
pub fn fact(
    delta: &StateDelta,
    claim: &Claim,
    accountability: Accountability,
    source_name: &str,
) -> Result<Fact, InvalidArgument> {
    if accountability.is_forgeable() {
        return Err(InvalidArgument::new(
            "`AGENT_AUTHORED` snapshots witness nothing: pass `OS_RECORDED` or `THIRD_PARTY`",
        ));
    }
    let key = claim.probe().trim();
    let (stance, detail) = if key.is_empty() {
        (Stance::NoSignal, String::from("no key was given"))
    } else if let Some(change) = delta.change(key) {
        (Stance::Attested, format!("`{key}` was {change}"))
    } else {
        let (inserted, updated) = (delta.inserted.len(), delta.updated.len());
        let detail = format!("`{key}` is not among {inserted} inserted and {updated} updated keys");
        (Stance::Refuted, detail)
    };
    Ok(Fact {
        source_name: source_name.into(),
        accountability,
        stance,
        subject: key.into(),
        detail,
        reachable: stance != Stance::NoSignal,
    })
}

/// Joins a claim with the difference of two snapshots.
///
/// # Errors
///
/// As [`fact()`].
pub fn witness(
    before: &Snapshot,
    after: &Snapshot,
    claim: &Claim,
    accountability: Accountability,
) -> Result<EffectReport, InvalidArgument> {
    let fact = fact(&diff(before, after), claim, accountability, SOURCE_NAME)?;
    Ok(join(claim, &[fact]))
}

#[cfg(test)]
mod tests {
    use super::{Snapshot, diff, fact, json_equal};
    use crate::effect_witness::Claim;
    use crate::evidence::{Accountability, Stance};
    use alloc::collections::BTreeMap;
    use alloc::string::String;
    use alloc::vec::Vec;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    #[test]
    fn numbers_are_equal_by_value() {
        for (a, b) in [
            (json!(1), json!(1.0)),
            (json!({"a": [1]}), json!({"a": [1.0]})),
            (json!(0), json!(-0.0)),
            (json!(u64::MAX), json!(u64::MAX)),
        ] {
            assert!(json_equal(&a, &b), "{a} {b}");
        }
        for (a, b) in [
            (json!(1), json!(true)),
            (json!(1), json!("1")),
            (json!(9_007_199_254_740_993_i64), json!(9_007_199_254_740_992.0)),
            (json!(1), json!(1.5)),
            (json!([1]), json!([1, 2])),
            (json!({"a": 1}), json!({"b": 1})),
            (json!(null), json!(0)),
            (json!(1e300), json!(i64::MAX)),
        ] {
            assert!(!json_equal(&a, &b), "{a} {b}");
        }
    }

    #[test]
    fn a_blank_probe_is_no_signal_and_a_missing_key_refutes() {
        let delta = diff(&BTreeMap::new(), &BTreeMap::from([("k".into(), json!(1))]));
        let stance = |key: &str| {
            let claim = Claim { key: key.into(), ..Claim::default() };
            fact(&delta, &claim, Accountability::OsRecorded, "s").unwrap().stance
        };
        assert_eq!(stance(" k "), Stance::Attested);
        assert_eq!(stance("  "), Stance::NoSignal);
        assert_eq!(stance("l"), Stance::Refuted);
    }

    #[test]
    fn forgeable_snapshots_are_refused() {
        let claim = Claim::default();
        assert!(
            fact(
                &diff(&BTreeMap::new(), &BTreeMap::new()),
                &claim,
                Accountability::AgentAuthored,
                "s"
            )
            .is_err()
        );
    }

    fn snapshot() -> impl Strategy<Value = Snapshot> {
        let value =
            prop_oneof![Just(json!(1)), Just(json!(1.0)), Just(json!(2)), Just(Value::Null)];
        proptest::collection::btree_map("[a-c]{1,2}", value, 0..8)
    }

    proptest! {
        #[test]
        fn the_walk_agrees_with_looking_each_key_up(before in snapshot(), after in snapshot()) {
            let delta = diff(&before, &after);
            let keys = |of: &Snapshot, keep: &dyn Fn(&str) -> bool| -> Vec<String> {
                of.keys().filter(|key| keep(key)).cloned().collect()
            };
            prop_assert_eq!(&delta.inserted, &keys(&after, &|key| !before.contains_key(key)));
            prop_assert_eq!(&delta.deleted, &keys(&before, &|key| !after.contains_key(key)));
            let changed = |key: &str| match (before.get(key), after.get(key)) {
                (Some(a), Some(b)) => !json_equal(a, b),
                _ => false,
            };
            prop_assert_eq!(&delta.updated, &keys(&after, &changed));
        }
    }
}
