//! Frames of a workspace: who holds which lane, what planners decided, what was committed.

use crate::cli::context::unreadable_journal;
use crate::cli::exit::note;
use crate::cli::{Context, Failure, envelopes, verify};
use crate::config::{Config, OtherPath};
use crate::follow::Follower;
use crate::git::{Git, GitErrorKind};
use crate::workspace::Workspace;
use dosd_actors::port::{Clock, SystemClock};
use dosd_kernel::frame::{self, Activity, Frame, FrameFold, Trust, VerdictRow};
use dosd_kernel::stamp;
use std::collections::BTreeMap;

/// The most verdicts and commits that are shown.
const MOST_VERDICTS: usize = 12;
const MOST_COMMITS: usize = 10;

/// Takes frames of a workspace.
struct Camera {
    config: Config,
    workspace: Workspace,
    git: Git,
    journal: Follower<FrameFold>,
}

/// The fleet at this moment.
pub(in crate::cli) fn frame(context: &Context) -> Result<Frame, Failure> {
    Camera::new(context)?.frame(SystemClock::new().now_ms())
}

impl Camera {
    fn new(context: &Context) -> Result<Self, Failure> {
        let (config, workspace) = (context.config()?, context.workspace()?);
        let journal = workspace.lane_journal(&config.paths, context.environment());
        let git = Git::at(workspace.root());
        Ok(Self { config, workspace, git, journal: Follower::new(journal) })
    }

    fn frame(&mut self, now_ms: i64) -> Result<Frame, Failure> {
        let followed = self.journal.follow();
        followed.map_err(|cause| unreadable_journal(self.journal.path(), &cause))?;
        let fold = self.journal.state();
        fold.lanes_mut().settle(now_ms);
        Ok(Frame {
            workspace: self.workspace.root().display().to_string(),
            now: stamp::format_ms(now_ms).replace('Z', "+00:00"),
            initialized: self.workspace.config_file().exists(),
            lanes: frame::lane_states(&self.config.lanes, fold, &self.config.liveness, now_ms)?,
            verdicts: self.verdicts(now_ms)?,
            activity: self.activity(),
        })
    }

    /// The newest envelopes by name, each with what the history says about its pick.
    fn verdicts(&self, now_ms: i64) -> Result<Vec<VerdictRow>, Failure> {
        let paths =
            envelopes::list(&self.workspace.other(&self.config.paths, OtherPath::NextPackets))?;
        let files = paths.into_iter().rev().filter_map(envelopes::read).take(MOST_VERDICTS);
        let mut shipped = BTreeMap::new();
        let convention = self.config.stamp.convention();
        let rows = files.map(|file| {
            let mut row = VerdictRow::of(file.tag(), &file.fields, now_ms);
            if let Some((plan, phase)) = row.claim() {
                let key = (plan.to_owned(), phase.to_owned());
                // Without a history nothing shows that it shipped.
                let look =
                    || verify::has_shipped(&self.git, plan, phase, &convention).unwrap_or(false);
                let has_shipped = *shipped.entry(key).or_insert_with(look);
                row.trust = if has_shipped { Trust::Shipped } else { Trust::Pending };
            }
            row
        });
        Ok(rows.collect())
    }

    /// The newest commits; none where there is no history.
    fn activity(&self) -> Vec<Activity> {
        match self.git.newest(MOST_COMMITS) {
            Ok(commits) => commits
                .into_iter()
                .map(|commit| Activity { sha: commit.sha, subject: commit.subject })
                .collect(),
            Err(error) => {
                if !matches!(error.kind, GitErrorKind::NoRepository(_)) {
                    note(&format!("no commits are shown: {error}"));
                }
                Vec::new()
            }
        }
    }
}
