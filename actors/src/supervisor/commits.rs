//! What is known of the commits of runs that have nothing else to show. Pure: it says
//! what to ask of the history, and remembers the answers.
//!
//! Most runs are never asked about: one that moves its lease, or is young, advances
//! anyway, and one that was seen to have committed is not asked about again.

use std::collections::BTreeMap;

use dosd_kernel::region::Region;

use super::moment::Moment;

/// A run that is spinning unless it committed something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Suspect {
    pub(super) run_id: String,
    /// Where its commits count.
    pub(super) region: Region,
}

/// What to find out about one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) suspect: Suspect,
    /// How far its history was read; none when nobody has looked yet.
    pub(super) read: Option<Read>,
}

/// How far the history of one run was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Read {
    /// The commit that it started at; none if nobody knows.
    pub(super) start: Option<String>,
    /// The newest commit that was looked at.
    pub(super) upto: Option<String>,
    /// Commits that touch its region.
    pub(super) commits: i64,
}

/// The runs that were ever suspected, as far as they live.
#[derive(Debug, Default)]
pub(super) struct CommitTable {
    read: BTreeMap<String, Read>,
    /// Monotonic time of the last question.
    asked_ms: Option<i64>,
    /// A question is not answered yet.
    is_asking: bool,
}

impl Read {
    /// The commit after which it goes on.
    pub(super) fn base(&self) -> Option<&str> {
        self.upto.as_deref().or(self.start.as_deref())
    }
}

impl CommitTable {
    /// The commits of a run; none when nobody has looked yet.
    pub(super) fn of(&self, run_id: &str) -> Option<i64> {
        self.read.get(run_id).map(|read| read.commits)
    }

    /// What to ask now, if anything. A run that is suspected for the first time is asked
    /// about at once; whether something was committed since, not sooner than
    /// `pause_ms` after the last question.
    pub(super) fn ask(
        &mut self,
        suspects: Vec<Suspect>,
        now: Moment,
        pause_ms: i64,
    ) -> Option<Vec<Question>> {
        let is_new = |suspect: &Suspect| !self.read.contains_key(&suspect.run_id);
        let is_due = |asked_ms| now.monotonic_ms - asked_ms >= pause_ms;
        let is_due = self.asked_ms.is_none_or(is_due) || suspects.iter().any(is_new);
        if suspects.is_empty() || self.is_asking || !is_due {
            return None;
        }
        self.asked_ms = Some(now.monotonic_ms);
        self.is_asking = true;
        let question = |suspect: Suspect| {
            let read = self.read.get(&suspect.run_id).cloned();
            Question { suspect, read }
        };
        Some(suspects.into_iter().map(question).collect())
    }

    /// Remembers the answers, by run id. Says whether a plan would be another one now.
    pub(super) fn learn(&mut self, answers: Vec<(String, Read)>) -> bool {
        self.is_asking = false;
        let mut is_news = false;
        for (run_id, read) in answers {
            is_news |= self.of(&run_id) != Some(read.commits);
            self.read.insert(run_id, read);
        }
        is_news
    }

    /// Forgets the runs that are over.
    pub(super) fn keep(&mut self, lives: impl Fn(&str) -> bool) {
        self.read.retain(|run_id, _| lives(run_id));
    }
}
