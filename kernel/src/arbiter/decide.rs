//! The rules of admission, in the order in which they are asked.

use alloc::borrow::ToOwned as _;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::borrow::Borrow;
use core::cell::OnceCell;

use super::decision::Decision;
use super::extent::Extent;
use super::overlap::{Overlap, OverlapPolicy};
use crate::lane::Lease;
use crate::population::Lanes;
use crate::region::fold_case;

const CLUSTER: &str = "cluster";
const GLOBAL: &str = "global";
const KEYWORD: &str = "keyword";

/// What somebody asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// The lane; empty asks for any.
    pub lane: String,
    /// `cluster`, `keyword`, `global`, the name of an exclusive lane, or empty.
    pub kind: String,
    /// The path globs; empty leaves them to the lane's own.
    pub tree: Vec<String>,
    /// Take the named lane whatever speaks against it, except a lease that runs alone.
    pub force: bool,
}

/// What a workspace has decided beforehand.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// The declared lanes.
    pub lanes: &'a Lanes,
    /// How far regions may overlap.
    pub overlap: Overlap,
    /// How many leases of a kind may be live before a request without a wish gets no
    /// more of it. Zero is no limit.
    pub budgets: &'a BTreeMap<String, u64>,
}

/// Decides one request against the leases that are live.
///
/// The caller leaves out the leases that no longer block; the arbiter has no clock.
pub fn arbitrate<L: Borrow<Lease>>(request: &Request, live: &[L], rules: &Rules<'_>) -> Decision {
    Case::new(request, live, rules).decide()
}

/// One request with what is looked up more than once.
struct Case<'a> {
    request: &'a Request,
    rules: &'a Rules<'a>,
    /// The wished lane's name, folded.
    key: String,
    live: Vec<&'a Lease>,
    live_keys: BTreeSet<String>,
    exclusive_keys: BTreeSet<String>,
    /// What each live lease covers, once a region is compared.
    held: OnceCell<Vec<Extent>>,
    /// The trees by folded name, once a name is not found as it is written.
    folded_trees: OnceCell<BTreeMap<String, &'a [String]>>,
}

impl<'a> Case<'a> {
    fn new<L: Borrow<Lease>>(request: &'a Request, live: &'a [L], rules: &'a Rules<'a>) -> Self {
        let live: Vec<&Lease> = live.iter().map(Borrow::borrow).collect();
        Self {
            request,
            rules,
            key: fold_case(request.lane.as_str()),
            live_keys: live.iter().map(|lease| fold_case(lease.lane())).collect(),
            live,
            exclusive_keys: rules.lanes.exclusive.iter().map(fold_case).collect(),
            held: OnceCell::new(),
            folded_trees: OnceCell::new(),
        }
    }

    /// The first rule that has an answer.
    fn decide(&self) -> Decision {
        self.behind_a_lone_lease()
            .or_else(|| self.forced())
            .or_else(|| self.on_a_held_lane())
            .or_else(|| self.alone())
            .or_else(|| self.named_cluster())
            .or_else(|| self.named_keyword())
            .or_else(|| self.unknown_name())
            .unwrap_or_else(|| self.any_lane())
    }

    fn behind_a_lone_lease(&self) -> Option<Decision> {
        let lone = self.live.iter().find(|lease| self.runs_alone(lease))?;
        let force = if self.request.force { ", and force does not change that" } else { "" };
        let reason = format!(
            "`{}` is leased as `{}`, which runs alone{force}: wait for its release",
            lone.lane(),
            lone.lane_kind(),
        );
        Some(Decision::refuse(reason, Vec::new()))
    }

    fn runs_alone(&self, lease: &Lease) -> bool {
        let declared = |name: &str| self.exclusive_keys.contains(&fold_case(name));
        declared(lease.lane_kind())
            || match self.rules.overlap.policy() {
                OverlapPolicy::Soft => false,
                // Neither the reserved kind nor a forced lease of an exclusive lane
                // need be of a declared kind.
                OverlapPolicy::Strict => lease.lane_kind() == GLOBAL || declared(lease.lane()),
            }
    }

    fn forced(&self) -> Option<Decision> {
        let Request { lane, kind, tree, force } = self.request;
        if !force || lane.is_empty() {
            return None;
        }
        let held = if self.is_held(&self.key) { "; it is held already" } else { "" };
        let unknown = if tree.is_empty() { "; it names no paths" } else { "" };
        let reason = format!("`{lane}` was forced, and nothing was checked{held}{unknown}");
        let kind = if kind.is_empty() { KEYWORD } else { kind };
        Some(Decision::acquire(lane.clone(), kind, tree.clone(), reason))
    }

    fn on_a_held_lane(&self) -> Option<Decision> {
        let held = !self.key.is_empty() && self.is_held(&self.key);
        (held && self.request.kind != CLUSTER).then(|| {
            self.refuse(format!(
                "`{}` is held: wait for its release, or ask for another lane",
                self.request.lane
            ))
        })
    }

    fn alone(&self) -> Option<Decision> {
        let Request { lane, kind, tree, .. } = self.request;
        let declared = self.exclusive_keys.contains(&self.key);
        if kind != GLOBAL && !declared && !self.exclusive_keys.contains(&fold_case(kind.as_str())) {
            return None;
        }
        let lane = if lane.is_empty() { GLOBAL } else { lane };
        if !self.live.is_empty() {
            return Some(self.refuse(format!(
                "`{lane}` runs alone: wait until nothing is live (leases now: {})",
                self.live.len()
            )));
        }
        let kind = if declared { self.key.as_str() } else { GLOBAL };
        let reason = format!("`{lane}` runs alone, and nothing else is live");
        Some(Decision::acquire(lane.to_owned(), kind, tree.clone(), reason))
    }

    fn named_cluster(&self) -> Option<Decision> {
        let Request { lane, kind, tree, .. } = self.request;
        if kind != CLUSTER || self.is_held(&self.key) {
            return None;
        }
        let tree = if tree.is_empty() { self.tree_of(lane) } else { tree };
        Some(self.admit(lane, CLUSTER, tree))
    }

    fn named_keyword(&self) -> Option<Decision> {
        let Request { lane, kind, tree, .. } = self.request;
        (kind == KEYWORD && !tree.is_empty()).then(|| self.admit(lane, KEYWORD, tree))
    }

    /// A wish by a name alone is never answered with another lane if nobody here
    /// knows the name: the lease would describe a region that the worker does not mean.
    fn unknown_name(&self) -> Option<Decision> {
        let Request { lane, kind, .. } = self.request;
        if kind != KEYWORD || lane.is_empty() || self.is_known() {
            return None;
        }
        let lanes = self.rules.lanes;
        let known: BTreeSet<&str> = [&lanes.concurrent, &lanes.exclusive, &lanes.autopick]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect();
        let known: Vec<&str> = known.into_iter().collect();
        Some(self.refuse(format!(
            "UNKNOWN_LANE: no lane is called `{lane}`: ask for one of [{}], pass a tree, or declare it",
            known.join(", ")
        )))
    }

    fn any_lane(&self) -> Decision {
        if let Some((live, most)) = self.spent_budget() {
            return self.refuse(format!(
                "CLASS_BUDGET_EXHAUSTED: {live} leases of kind `{CLUSTER}` are live, of at most {most}: wait for a release"
            ));
        }
        let mut candidates = self.rules.lanes.autopick.iter();
        let free = candidates.find(|lane| {
            !self.is_held(&fold_case(lane.as_str())) && self.clash(self.tree_of(lane)).is_none()
        });
        let Some(lane) = free else {
            let reason =
                "no lane to pick is free and apart from every live lease: wait for a release";
            return Decision::refuse(reason.to_owned(), Vec::new());
        };
        let wish = match self.request.lane.as_str() {
            "" => "no lane was asked for".to_owned(),
            wish if self.is_held(&self.key) => format!("`{wish}` is held"),
            wish if self.is_known() => format!("`{wish}` was asked for without a kind or a tree"),
            wish => format!("no lane is called `{wish}`"),
        };
        let reason = format!("{wish}, and `{lane}` is the first lane that is free");
        let tree = self.tree_of(lane).to_vec();
        Decision { auto_picked: true, ..Decision::acquire(lane.clone(), CLUSTER, tree, reason) }
    }

    /// How many clusters are live, and how many may be, when that is no more.
    fn spent_budget(&self) -> Option<(usize, u64)> {
        let most = self.rules.budgets.get(CLUSTER).copied().filter(|most| *most > 0)?;
        let live = self.live.iter().filter(|lease| lease.lane_kind() == CLUSTER).count();
        (u64::try_from(live).unwrap_or(u64::MAX) >= most).then_some((live, most))
    }

    /// Grants the lane unless its region clashes with a live lease.
    fn admit(&self, lane: &str, kind: &str, tree: &[String]) -> Decision {
        match self.clash(tree) {
            Some((holder, clash)) => {
                self.refuse(format!("`{lane}` cannot run beside `{}`: {clash}", holder.lane()))
            }
            None => Decision::acquire(
                lane.to_owned(),
                kind,
                tree.to_vec(),
                format!("`{lane}` is free and clashes with no live lease (of {})", self.live.len()),
            ),
        }
    }

    /// The first live lease that the region clashes with, and how.
    fn clash(&self, tree: &[String]) -> Option<(&'a Lease, String)> {
        let covered = || self.live.iter().map(|lease| Extent::new(&lease.tree())).collect();
        let held: &Vec<Extent> = self.held.get_or_init(covered);
        let asked = Extent::new(tree);
        self.live.iter().zip(held).find_map(|(lease, held)| {
            let clash = self.rules.overlap.clash(&asked, held)?;
            Some((*lease, clash.to_string()))
        })
    }

    fn refuse(&self, reason: String) -> Decision {
        let autopick = self.rules.lanes.autopick.iter();
        let free = autopick.filter(|lane| !self.is_held(&fold_case(lane.as_str())));
        Decision::refuse(reason, free.cloned().collect())
    }

    fn is_held(&self, key: &str) -> bool {
        self.live_keys.contains(key)
    }

    fn is_known(&self) -> bool {
        let lanes = self.rules.lanes;
        let declared = [&lanes.concurrent, &lanes.exclusive, &lanes.autopick].into_iter().flatten();
        let named = declared.chain(lanes.trees.keys()).chain(lanes.aliases.keys());
        self.key == GLOBAL || named.map(fold_case).any(|name| name == self.key)
    }

    /// The path globs of a lane: under its own name, or one that differs in case.
    fn tree_of(&self, lane: &str) -> &'a [String] {
        let trees = &self.rules.lanes.trees;
        let key = fold_case(lane);
        let exact = trees.get(&key).filter(|tree| !tree.is_empty()).or_else(|| trees.get(lane));
        if let Some(tree) = exact {
            return tree;
        }
        let folded = || {
            let fold =
                |(name, tree): (&String, &'a Vec<String>)| (fold_case(name.as_str()), &**tree);
            trees.iter().map(fold).collect()
        };
        self.folded_trees.get_or_init(folded).get(&key).copied().unwrap_or_default()
    }
}
