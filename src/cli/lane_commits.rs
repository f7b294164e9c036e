//! What workers committed on their lanes, for verbs that look at a fleet from outside of its daemon.
//! It judges nothing.

use super::exit::note;
use crate::git::{Git, GitError};
use dosd_kernel::lane::{Lease, OpenRun};
use dosd_kernel::population::Lanes;
use dosd_kernel::region::Region;
use std::cell::OnceCell;
use std::collections::BTreeMap;

/// Of more commits than this only the newest are looked at, as by the daemon.
const MOST_COMMITS: usize = 10_000;

/// The history as of one look, asked only when somebody wants to know, and once for each start.
pub(super) struct LaneCommits<'a> {
    git: &'a Git,
    lanes: &'a Lanes,
    /// Where the workspace stands, once it was asked; none when there is no history, or it cannot be
    /// read.
    head: OnceCell<Option<String>>,
    since: BTreeMap<String, Vec<Vec<String>>>,
    /// Whether somebody is told why commits are not counted.
    is_quiet: bool,
}

impl<'a> LaneCommits<'a> {
    pub(super) fn new(git: &'a Git, lanes: &'a Lanes) -> Self {
        Self { git, lanes, head: OnceCell::new(), since: BTreeMap::new(), is_quiet: false }
    }

    /// The same for a screen, where a message would stand in the picture.
    pub(super) fn quiet(git: &'a Git, lanes: &'a Lanes) -> Self {
        Self { is_quiet: true, ..Self::new(git, lanes) }
    }

    /// How many commits since a run's start touch its lane. What is not known counts as none.
    pub(super) fn of(&mut self, run: &OpenRun, lease: Option<&Lease>) -> i64 {
        let Some(start) = &run.start_sha else { return 0 };
        let (git, is_quiet) = (self.git, self.is_quiet);
        let head = self.head.get_or_init(|| told(git.head(), is_quiet).flatten());
        let Some(head) = head.as_deref() else { return 0 };
        let commits = self.since.entry(start.clone()).or_insert_with(|| {
            let since = git.paths_since(start, head, MOST_COMMITS);
            told(since, is_quiet).flatten().unwrap_or_default()
        });
        let lane = lease.map_or(run.lane.as_str(), Lease::lane);
        let region = match self.lanes.tree(lane) {
            [] => Region::new(&lease.map(Lease::tree).unwrap_or_default()),
            declared => Region::new(declared),
        };
        region.touched_by(commits)
    }
}

/// The answer; without one, why there is none is said.
fn told<T>(answer: Result<T, GitError>, is_quiet: bool) -> Option<T> {
    let tell = |error: &GitError| note(&format_args!("commits are not counted: {error}"));
    answer
        .inspect_err(|error| {
            if !is_quiet {
                tell(error);
            }
        })
        .ok()
}
