//! What changed between two reads that are too large to hold: both come in the order of
//! their keys, as digests, and are walked side by side.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;

use super::digest::Digest;

/// The entities of one read, each once, in the order of their keys' bytes.
pub trait SortedEntities {
    /// Why the next one cannot be had.
    type Error;

    /// Goes to the next entity. Says whether there is one.
    ///
    /// # Errors
    /// Whatever keeps the entities from being read; nothing is known of the rest.
    fn advance(&mut self) -> Result<bool, Self::Error>;

    /// The key of the current entity.
    fn key(&self) -> &str;

    /// The digest of its value.
    fn digest(&self) -> Digest;
}

/// What became of one entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It is in neither read.
    Absent,
    /// Only the later read has it.
    Inserted(Digest),
    /// Both have it, with different values; this is the later one.
    Updated(Digest),
    /// Both have it, with the same value.
    Unchanged(Digest),
    /// Only the earlier read has it.
    Deleted,
}

impl Change {
    /// Whether the entity is there and was not there like this before.
    #[must_use]
    pub fn is_effect(self) -> bool {
        matches!(self, Self::Inserted(_) | Self::Updated(_))
    }

    /// Its value in the later read.
    #[must_use]
    pub fn after(self) -> Option<Digest> {
        match self {
            Self::Inserted(digest) | Self::Updated(digest) | Self::Unchanged(digest) => {
                Some(digest)
            }
            Self::Absent | Self::Deleted => None,
        }
    }

    /// The change in one word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Inserted(_) => "inserted",
            Self::Updated(_) => "updated",
            Self::Unchanged(_) => "unchanged",
            Self::Deleted => "deleted",
        }
    }
}

/// How many keys that nobody claimed are kept by name.
pub const UNCLAIMED_KEYS: usize = 20;

/// The difference of two reads: counts, and what was asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// Entities in the later read.
    pub entities: u64,
    /// Keys that only the later read has.
    pub inserted: u64,
    /// Keys that both have, with different values.
    pub updated: u64,
    /// Keys that only the earlier read has.
    pub deleted: u64,
    /// What became of the key that was asked about.
    pub asked: Change,
    /// Changes of keys that are not among the claimed ones.
    pub unclaimed: u64,
    /// The first of those, up to [`UNCLAIMED_KEYS`].
    pub unclaimed_keys: Vec<String>,
}

impl Tally {
    /// The change that was asked about, as a person reads it.
    #[must_use]
    pub fn describe(&self, key: &str) -> String {
        let (inserted, updated) = (self.inserted, self.updated);
        match self.asked {
            Change::Inserted(_) | Change::Updated(_) => {
                format!("`{key}` was {}", self.asked.as_str())
            }
            Change::Unchanged(_) => format!("`{key}` is there as it was before the run"),
            Change::Deleted => format!("`{key}` was deleted"),
            Change::Absent => {
                format!("`{key}` is not among {inserted} inserted and {updated} updated keys")
            }
        }
    }
}

/// Compares two reads in one walk. `asked` is the key to look for; changes of keys in
/// `claimed` are somebody's word already.
///
/// # Errors
/// The first of either read.
pub fn tally<E>(
    before: &mut dyn SortedEntities<Error = E>,
    after: &mut dyn SortedEntities<Error = E>,
    asked: &str,
    claimed: &BTreeSet<String>,
) -> Result<Tally, E> {
    let mut tally = Tally {
        entities: 0,
        inserted: 0,
        updated: 0,
        deleted: 0,
        asked: Change::Absent,
        unclaimed: 0,
        unclaimed_keys: Vec::new(),
    };
    let (mut left, mut right) = (before.advance()?, after.advance()?);
    while left || right {
        let order = match (left, right) {
            (true, false) => Ordering::Less,
            (false, _) => Ordering::Greater,
            (true, true) => before.key().cmp(after.key()),
        };
        let (key, change) = match order {
            Ordering::Less => (before.key(), Change::Deleted),
            Ordering::Greater => (after.key(), Change::Inserted(after.digest())),
            Ordering::Equal if before.digest() == after.digest() => {
                (after.key(), Change::Unchanged(after.digest()))
            }
            Ordering::Equal => (after.key(), Change::Updated(after.digest())),
        };
        tally.note(key, change, asked, claimed);
        if order != Ordering::Greater {
            left = before.advance()?;
        }
        if order != Ordering::Less {
            tally.entities += 1;
            right = after.advance()?;
        }
    }
    Ok(tally)
}

impl Tally {
    fn note(&mut self, key: &str, change: Change, asked: &str, claimed: &BTreeSet<String>) {
        if key == asked {
            self.asked = change;
        }
        match change {
            Change::Inserted(_) => self.inserted += 1,
            Change::Updated(_) => self.updated += 1,
            Change::Deleted => self.deleted += 1,
            Change::Absent | Change::Unchanged(_) => return,
        }
        if !claimed.contains(key) {
            self.unclaimed += 1;
            if self.unclaimed_keys.len() < UNCLAIMED_KEYS {
                self.unclaimed_keys.push(key.to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::digest::{Digest, Digester};
    use super::super::{Snapshot, diff};
    use super::{Change, SortedEntities, tally};
    use alloc::collections::BTreeSet;
    use alloc::string::{String, ToString as _};
    use alloc::vec::Vec;
    use core::convert::Infallible;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    /// A map as a read.
    struct Walk {
        entities: Vec<(String, Digest)>,
        next: usize,
    }

    impl Walk {
        fn over(map: &Snapshot) -> Self {
            let digest = |value: &Value| Digester::default().digest(value);
            let entities = map.iter().map(|(key, value)| (key.clone(), digest(value))).collect();
            Self { entities, next: 0 }
        }
    }

    impl SortedEntities for Walk {
        type Error = Infallible;

        fn advance(&mut self) -> Result<bool, Infallible> {
            self.next += 1;
            Ok(self.next <= self.entities.len())
        }

        fn key(&self) -> &str {
            &self.entities[self.next - 1].0
        }

        fn digest(&self) -> Digest {
            self.entities[self.next - 1].1
        }
    }

    fn map() -> impl Strategy<Value = Snapshot> {
        let value = prop_oneof![
            Just(json!(1)),
            Just(json!(1.0)),
            Just(json!(true)),
            Just(json!("1")),
            Just(json!({"a": [1, null]})),
            Just(json!({"a": [1.0, null]})),
        ];
        proptest::collection::btree_map("[a-c]{1,2}", value, 0..10)
    }

    proptest! {
        #[test]
        fn a_difference_by_digests_is_the_difference_by_values(
            before in map(), after in map(), asked in "[a-c]{1,2}",
            claimed in proptest::collection::btree_set("[a-c]{1,2}", 0..4)
        ) {
            let by_value = diff(&before, &after);
            let Ok(by_digest) =
                tally(&mut Walk::over(&before), &mut Walk::over(&after), &asked, &claimed);
            prop_assert_eq!(by_digest.entities, after.len() as u64);
            prop_assert_eq!(by_digest.inserted, by_value.inserted.len() as u64);
            prop_assert_eq!(by_digest.updated, by_value.updated.len() as u64);
            prop_assert_eq!(by_digest.deleted, by_value.deleted.len() as u64);
            let change = match by_digest.asked {
                Change::Inserted(_) => by_value.inserted.contains(&asked),
                Change::Updated(_) => by_value.updated.contains(&asked),
                Change::Deleted => by_value.deleted.contains(&asked),
                Change::Unchanged(_) => before.contains_key(&asked)
                    && after.contains_key(&asked)
                    && !by_value.updated.contains(&asked),
                Change::Absent => !before.contains_key(&asked) && !after.contains_key(&asked),
            };
            prop_assert!(change, "{:?}", by_digest.asked);
            let mut changed: BTreeSet<String> = by_value.inserted.into_iter().collect();
            changed.extend(by_value.updated);
            changed.extend(by_value.deleted);
            let unclaimed: Vec<String> = changed.difference(&claimed).cloned().collect();
            prop_assert_eq!(by_digest.unclaimed, unclaimed.len() as u64);
            prop_assert_eq!(&by_digest.unclaimed_keys[..], &unclaimed[..unclaimed.len().min(20)]);
        }
    }

    #[test]
    fn of_many_unclaimed_changes_the_first_twenty_are_named() {
        let after: Snapshot = (0..50).map(|at| (at.to_string(), json!(at))).collect();
        let none = Snapshot::new();
        let Ok(tally) =
            tally(&mut Walk::over(&none), &mut Walk::over(&after), "", &BTreeSet::new());
        assert_eq!((tally.unclaimed, tally.unclaimed_keys.len()), (50, 20));
    }
}
