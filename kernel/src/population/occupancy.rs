//! Which lanes' regions are taken, for a roster of any length.
//!
//! Owns the question whether one more region fits beside all that are taken. All
//! prefixes are compared once, when the ground is laid; after that only numbers are.

use alloc::vec;
use alloc::vec::Vec;

use crate::region::Region;

/// The prefixes of a roster's regions, each once and numbered in sorted order, and
/// which of them begin with which.
#[derive(Debug)]
pub(super) struct Ground {
    /// For each prefix, the longest other one that it begins with.
    parents: Vec<Option<usize>>,
    /// For each region, its prefixes; none is unknown extent.
    regions: Vec<Vec<usize>>,
}

impl Ground {
    /// The ground of these regions, which from now on go by their places.
    pub(super) fn of(regions: &[Region]) -> Self {
        let prefixes = regions.iter().zip(0_usize..).flat_map(|(region, place)| {
            region.prefixes().iter().map(move |prefix| (prefix.as_str(), place))
        });
        let mut sorted: Vec<(&str, usize)> = prefixes.collect();
        sorted.sort_unstable();
        let mut ground = Self { parents: Vec::new(), regions: vec![Vec::new(); regions.len()] };
        // What the prefix at hand begins with, shortest first: sorting puts a prefix
        // right before all that begin with it.
        let mut begun: Vec<(&str, usize)> = Vec::new();
        for (prefix, place) in sorted {
            while begun.pop_if(|(beginning, _)| !prefix.starts_with(*beginning)).is_some() {}
            let number = match begun.last() {
                Some((same, number)) if *same == prefix => *number,
                parent => {
                    ground.parents.push(parent.map(|(_, number)| *number));
                    begun.push((prefix, ground.parents.len() - 1));
                    ground.parents.len() - 1
                }
            };
            ground.regions[place].push(number);
        }
        ground
    }

    /// A prefix and all that it begins with.
    fn beginnings(&self, prefix: usize) -> impl Iterator<Item = usize> {
        core::iter::successors(Some(prefix), |prefix| self.parents[*prefix])
    }
}

/// The regions that are taken so far.
#[derive(Debug)]
pub(super) struct Occupancy<'a> {
    ground: &'a Ground,
    extent: Extent,
    /// For each prefix, whether it is held.
    held: Vec<bool>,
    /// For each prefix, whether a held one begins with it.
    holds: Vec<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Extent {
    Nothing,
    Known,
    /// A region of unknown extent is taken: nothing else fits beside it.
    Unknown,
}

impl<'a> Occupancy<'a> {
    /// Nothing is taken.
    pub(super) fn new(ground: &'a Ground) -> Self {
        let nowhere = vec![false; ground.parents.len()];
        Self { ground, extent: Extent::Nothing, held: nowhere.clone(), holds: nowhere }
    }

    /// Takes a region if it is disjoint from all that are taken, and says whether it
    /// did. The first one always fits.
    pub(super) fn try_take(&mut self, region: usize) -> bool {
        let fits = self.admits(region);
        if fits {
            self.take(region);
        }
        fits
    }

    /// Takes a region, whether it fits or not.
    pub(super) fn take(&mut self, region: usize) {
        let prefixes = &self.ground.regions[region];
        let extent = if prefixes.is_empty() { Extent::Unknown } else { Extent::Known };
        self.extent = self.extent.max(extent);
        for prefix in prefixes {
            self.held[*prefix] = true;
            for beginning in self.ground.beginnings(*prefix) {
                self.holds[beginning] = true;
            }
        }
    }

    fn admits(&self, region: usize) -> bool {
        let prefixes = &self.ground.regions[region];
        match self.extent {
            Extent::Nothing => true,
            Extent::Unknown => false,
            Extent::Known => {
                !prefixes.is_empty() && prefixes.iter().all(|prefix| !self.meets(*prefix))
            }
        }
    }

    /// Whether a held prefix begins with this one, or this one with a held one.
    fn meets(&self, prefix: usize) -> bool {
        self.holds[prefix] || self.ground.beginnings(prefix).any(|beginning| self.held[beginning])
    }
}

#[cfg(test)]
mod tests {
    use super::{Ground, Occupancy};
    use crate::region::{Region, disjoint};
    use alloc::string::String;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    fn trees() -> impl Strategy<Value = Vec<Vec<String>>> {
        let tree = proptest::collection::vec("[ab/]{0,4}[*]{0,1}", 0..4);
        proptest::collection::vec(tree, 0..8)
    }

    fn ground(trees: &[Vec<String>]) -> Ground {
        let regions: Vec<Region> = trees.iter().map(|tree| Region::new(tree)).collect();
        Ground::of(&regions)
    }

    proptest! {
        #[test]
        fn admits_what_is_disjoint_from_each_holder(trees in trees()) {
            let ground = ground(&trees);
            let mut taken = Occupancy::new(&ground);
            for (place, tree) in trees.iter().enumerate() {
                let each = trees[..place].iter().all(|held| disjoint(held, tree));
                prop_assert_eq!(taken.admits(place), each);
                taken.take(place);
            }
        }

        #[test]
        fn takes_what_is_disjoint_from_each_taken(trees in trees()) {
            let ground = ground(&trees);
            let (mut taken, mut kept) = (Occupancy::new(&ground), Vec::<&Vec<String>>::new());
            for (place, tree) in trees.iter().enumerate() {
                let fits = kept.iter().all(|held| disjoint(held, tree));
                prop_assert_eq!(taken.try_take(place), fits);
                if fits {
                    kept.push(tree);
                }
            }
        }
    }
}
