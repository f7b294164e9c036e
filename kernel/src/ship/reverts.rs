//! Which commits still stand.
//!
//! A commit that reverts another takes it back, unless it is taken back itself. What a
//! message says is only believed of a commit that changed something.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::Entry;

/// What stands in the message of a commit that `git revert` made, before the id.
const PHRASE: &str = "This reverts commit ";

/// Who reverts whom, by place in the history.
#[derive(Debug, Default)]
pub(super) struct Reverts {
    reverters: BTreeMap<usize, Vec<usize>>,
}

impl Reverts {
    pub(super) fn of(history: &[Entry<'_>]) -> Self {
        let places: BTreeMap<&str, usize> =
            history.iter().enumerate().map(|(place, entry)| (entry.id, place)).collect();
        let mut reverters: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (place, entry) in history.iter().enumerate() {
            for target in targets(entry.body).filter_map(|id| places.get(id)) {
                if *target != place {
                    reverters.entry(*target).or_default().push(place);
                }
            }
        }
        Self { reverters }
    }

    /// A commit and all that may decide about it.
    pub(super) fn closure(&self, place: usize, closure: &mut BTreeSet<usize>) {
        let mut open = Vec::from([place]);
        while let Some(place) = open.pop() {
            if closure.insert(place) {
                open.extend(self.reverters.get(&place).into_iter().flatten());
            }
        }
    }

    /// The commit that takes this one back, if one does. `is_real` says of which commits the
    /// message is believed.
    pub(super) fn reverter(&self, place: usize, is_real: &impl Fn(usize) -> bool) -> Option<usize> {
        let mut settled = BTreeMap::new();
        self.settle(place, is_real, &mut settled);
        settled.get(&place).copied().flatten()
    }

    /// Settles a commit after all those that revert it, without recursion: a chain of reverts
    /// may be as long as the history.
    fn settle(
        &self,
        place: usize,
        is_real: &impl Fn(usize) -> bool,
        settled: &mut BTreeMap<usize, Option<usize>>,
    ) {
        let mut path = Vec::from([place]);
        let mut entered = BTreeSet::from([place]);
        while let Some(place) = path.last().copied() {
            let reverters = self.reverters.get(&place).map(Vec::as_slice).unwrap_or_default();
            // No commit can name one that came after it; should two seem to name each other,
            // the one that was met first is not asked again.
            let open = reverters.iter().find(|place| entered.insert(**place));
            if let Some(open) = open {
                path.push(*open);
                continue;
            }
            let standing = |place: &&usize| settled.get(*place) == Some(&None) && is_real(**place);
            let reverter = reverters.iter().find(standing).copied();
            settled.insert(place, reverter);
            path.pop();
        }
    }
}

/// The ids that a message says it reverts.
fn targets(body: &str) -> impl Iterator<Item = &str> {
    body.match_indices(PHRASE).filter_map(|(place, phrase)| {
        let rest = body.get(place + phrase.len()..)?;
        let end = rest.find(|letter: char| !letter.is_ascii_hexdigit()).unwrap_or(rest.len());
        rest.get(..end)
    })
}

#[cfg(test)]
mod tests {
    use super::{Entry, Reverts};
    use alloc::string::String;
    use alloc::vec::Vec;
    use alloc::{format, vec};
    use proptest::prelude::*;

    /// A history in which each commit reverts the ones named, newest first.
    fn reverts(reverted: &[Vec<usize>]) -> Reverts {
        let ids: Vec<String> = (0..reverted.len()).map(|place| format!("{place:040x}")).collect();
        let body = |targets: &Vec<usize>| {
            let lines = targets.iter().map(|place| format!("This reverts commit {}.", ids[*place]));
            lines.collect::<Vec<_>>().join("\n")
        };
        let bodies: Vec<String> = reverted.iter().map(body).collect();
        let entry = |(id, body)| Entry { id, short_id: "", subject: "", body };
        let ids = ids.iter().map(String::as_str);
        let history: Vec<_> = ids.zip(bodies.iter().map(String::as_str)).map(entry).collect();
        Reverts::of(&history)
    }

    #[test]
    fn a_revert_takes_back_and_its_own_revert_gives_again() {
        let once = reverts(&[vec![1], vec![]]);
        assert_eq!(once.reverter(1, &|_| true), Some(0));
        assert_eq!(once.reverter(1, &|_| false), None);
        let twice = reverts(&[vec![1], vec![2], vec![]]);
        assert_eq!(twice.reverter(2, &|_| true), None);
        let thrice = reverts(&[vec![1], vec![2], vec![3], vec![]]);
        assert_eq!(thrice.reverter(3, &|_| true), Some(2));
        // The revert of the revert is empty, so it gave nothing back.
        assert_eq!(twice.reverter(2, &|place| place != 0), Some(1));
    }

    #[test]
    fn a_long_chain_and_a_forged_circle_end() {
        let chain: Vec<Vec<usize>> =
            (1..100_001).map(|place| vec![place]).chain([vec![]]).collect();
        assert_eq!(reverts(&chain).reverter(100_000, &|_| true), None);
        let circle = reverts(&[vec![1], vec![0]]);
        assert!(circle.reverter(0, &|_| true).is_none_or(|place| place == 1));
        assert_eq!(reverts(&[vec![0]]).reverter(0, &|_| true), None);
    }

    proptest! {
        /// Newest first, what each commit's fate is follows from the newer ones alone.
        #[test]
        fn it_agrees_with_walking_from_the_newest(
            raw in prop::collection::vec(prop::collection::vec(1_usize..6, 0..3), 1..30),
            real in prop::collection::vec(any::<bool>(), 30),
        ) {
            let count = raw.len();
            let reverted: Vec<Vec<usize>> = raw
                .iter()
                .enumerate()
                .map(|(place, steps)| {
                    steps.iter().map(|step| place + step).filter(|place| *place < count).collect()
                })
                .collect();
            let mut standing = vec![true; count];
            for place in 0..count {
                if standing[place] && real[place] {
                    reverted[place].iter().for_each(|target| standing[*target] = false);
                }
            }
            let reverts = reverts(&reverted);
            for (place, standing) in standing.iter().enumerate() {
                let reverter = reverts.reverter(place, &|place| real[place]);
                prop_assert_eq!(reverter.is_none(), *standing, "place {}", place);
            }
        }
    }
}
