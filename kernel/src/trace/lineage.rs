//! Who started whom.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

/// The parents of runs, as their records name them.
#[derive(Debug, Clone, Default)]
pub struct Lineage {
    parents: BTreeMap<String, String>,
}

/// The relatives of one run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kin {
    /// The runs above it, the nearest first.
    pub ancestors: Vec<String>,
    /// The runs below it, by id.
    pub descendants: Vec<String>,
}

impl Lineage {
    /// Notes a run and its parent; an empty parent is none.
    pub fn note(&mut self, run_id: String, parent_id: String) {
        self.parents.insert(run_id, parent_id);
    }

    /// The relatives of a run. Records that name each other in a circle end it.
    #[must_use]
    pub fn kin(&self, run_id: &str) -> Kin {
        let mut seen = BTreeSet::from([run_id]);
        let mut ancestors = Vec::new();
        let mut next = self.parent(run_id);
        while let Some(parent) = next.filter(|parent| seen.insert(parent)) {
            ancestors.push(parent.into());
            next = self.parent(parent);
        }
        Kin { ancestors, descendants: self.descendants(run_id) }
    }

    fn descendants(&self, run_id: &str) -> Vec<String> {
        let mut children: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (child, parent) in &self.parents {
            children.entry(parent).or_default().push(child);
        }
        let mut below = BTreeSet::new();
        let mut open = Vec::from([run_id]);
        while let Some(parent) = open.pop() {
            for child in children.get(parent).into_iter().flatten() {
                if *child != run_id && below.insert(*child) {
                    open.push(child);
                }
            }
        }
        below.into_iter().map(String::from).collect()
    }

    fn parent(&self, run_id: &str) -> Option<&str> {
        self.parents.get(run_id).map(String::as_str).filter(|parent| !parent.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::Lineage;

    fn lineage(pairs: &[(&str, &str)]) -> Lineage {
        let mut lineage = Lineage::default();
        for (run, parent) in pairs {
            lineage.note((*run).into(), (*parent).into());
        }
        lineage
    }

    #[test]
    fn a_run_stands_between_those_above_and_below() {
        let lineage = lineage(&[("a", ""), ("b", "a"), ("c", "b"), ("d", "b"), ("e", "x")]);
        let kin = lineage.kin("b");
        assert_eq!(
            (kin.ancestors, kin.descendants),
            (["a".into()].into(), ["c".into(), "d".into()].into())
        );
        // The record of `x` is gone; its id is known all the same.
        assert_eq!(lineage.kin("e").ancestors, ["x"]);
        assert_eq!(lineage.kin("x").descendants, ["e"]);
        assert_eq!(lineage.kin("nobody"), super::Kin::default());
    }

    #[test]
    fn a_circle_ends() {
        let lineage = lineage(&[("a", "b"), ("b", "a"), ("c", "c")]);
        assert_eq!(lineage.kin("a").ancestors, ["b"]);
        assert_eq!(lineage.kin("a").descendants, ["b"]);
        assert_eq!(lineage.kin("c"), super::Kin::default());
    }
}
