//! Asking the history about runs: as few questions as possible, for all runs together.
//! It decides nothing, and keeps nobody waiting.

use std::collections::{BTreeMap, BTreeSet};

use dosd_kernel::region::Region;
use tracing::warn;

use super::actor::SupervisorPorts;
use super::commits::{Question, Read};
use crate::journal::Recall;
use crate::port::{Repository, RepositoryError};

/// What an inquiry found.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// How far each run's history is read now, by run id.
    pub(super) answers: Vec<(String, Read)>,
    /// Why not all of it could be read.
    pub(super) trouble: Option<RepositoryError>,
}

/// Answers the questions. Where the history cannot be read, nothing is proven by it,
/// and the next inquiry begins where this one did.
pub(super) async fn inquire(ports: SupervisorPorts, questions: Vec<Question>) -> Findings {
    let mut starts = BTreeMap::new();
    if questions.iter().any(|question| question.read.is_none()) {
        match ports.recall.ask(Recall).await {
            Ok(Ok(recalled)) => {
                let open = recalled.open.into_iter();
                starts = open.map(|run| (run.run_id, run.start_sha)).collect();
            }
            // The journal is being made again, or the daemon ends.
            Ok(Err(failed)) => {
                warn!("where runs started is not known: {failed}");
                return Findings::default();
            }
            Err(gone) => {
                warn!("where runs started is not known: {gone}");
                return Findings::default();
            }
        }
    }
    let asked = questions.into_iter().map(|question| {
        let suspect = question.suspect;
        let read = question.read.unwrap_or_else(|| Read {
            start: starts.remove(&suspect.run_id).flatten(),
            ..Read::default()
        });
        Asked { run_id: suspect.run_id, region: suspect.region, read }
    });
    read_on(&*ports.repository, asked.collect()).await
}

/// A run, where its commits count, and how far its history was read before.
pub(super) struct Asked {
    pub(super) run_id: String,
    pub(super) region: Region,
    pub(super) read: Read,
}

/// Reads the history on to where the workspace stands now. Runs that were read up to the
/// same commit share one question.
pub(super) async fn read_on(repository: &dyn Repository, mut asked: Vec<Asked>) -> Findings {
    let mut trouble = None;
    match repository.head().await {
        Ok(None) => {}
        Ok(Some(head)) => {
            let mut history = History { repository, head, gone: BTreeSet::new(), last: None };
            asked.sort_by(|a, b| a.read.base().cmp(&b.read.base()));
            for run in &mut asked {
                if let Err(failed) = history.read(run).await {
                    trouble = Some(failed);
                    break;
                }
            }
        }
        Err(failed) => trouble = Some(failed),
    }
    Findings { answers: asked.into_iter().map(|run| (run.run_id, run.read)).collect(), trouble }
}

/// One history, read up to one commit.
struct History<'a> {
    repository: &'a dyn Repository,
    head: String,
    /// Commits that it does not hold.
    gone: BTreeSet<String>,
    /// The last range that was read: the commit before it, and what each of its commits
    /// changed. Ranges can be long, so there is one at a time.
    last: Option<(String, Vec<Vec<String>>)>,
}

impl History<'_> {
    async fn read(&mut self, run: &mut Asked) -> Result<(), RepositoryError> {
        if run.read.base() != Some(&self.head) {
            // What was written anew since the last look is read from the start. When the
            // start itself is gone, what came before this look stays unknown.
            for base in [run.read.upto.clone(), run.read.start.clone()].into_iter().flatten() {
                if let Some(commits) = self.since(&base).await? {
                    run.read.commits += run.region.touched_by(commits);
                    break;
                }
            }
        }
        run.read.upto = Some(self.head.clone());
        Ok(())
    }

    async fn since(&mut self, base: &str) -> Result<Option<&[Vec<String>]>, RepositoryError> {
        if self.gone.contains(base) {
            return Ok(None);
        }
        if self.last.as_ref().is_none_or(|(before, _)| before != base) {
            let Some(commits) = self.repository.since(base, &self.head).await? else {
                self.gone.insert(base.to_owned());
                return Ok(None);
            };
            self.last = Some((base.to_owned(), commits));
        }
        Ok(self.last.as_ref().map(|(_, commits)| commits.as_slice()))
    }
}
