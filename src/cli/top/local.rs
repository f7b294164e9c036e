//! The fleet of this workspace: both journals, each followed from where the last look ended, and the
//! daemon when one runs, which alone knows how the exporters go.

use super::source::Source;
use crate::cli::context::unreadable_journal;
use crate::cli::lane_commits::LaneCommits;
use crate::cli::{Context, Failure};
use crate::config::Config;
use crate::control::{self, Answer, Request};
use crate::fleet::{self, Book, ExporterView, FleetFold, VerdictView};
use crate::follow::{Followed, Follower};
use crate::git::Git;
use crate::screen::{Link, News};
use crate::workspace::Workspace;
use dosd_actors::port::{Clock as _, SystemClock, SystemLauncher};
use dosd_kernel::Map;
use dosd_kernel::checksum::{self, Checked};
use dosd_kernel::draft::Draft;
use dosd_kernel::fold::{Fold, seq_of};
use dosd_kernel::lane::StartedProcess;
use dosd_kernel::lines::LineKind;
use std::cell::RefCell;
use std::path::PathBuf;
use std::time::Duration;

/// A daemon that is there answers faster.
const DAEMON_PATIENCE: Duration = Duration::from_secs(2);

/// This workspace.
pub(super) struct Here {
    config: Config,
    workspace: Workspace,
    socket: PathBuf,
    git: Git,
    launcher: SystemLauncher,
    clock: SystemClock,
    lanes: Follower<FleetFold>,
    verdicts: Follower<Verdicts>,
    /// How many rows of the verdict journal were handed on.
    told: u64,
}

/// A fold of the verdict journal.
#[derive(Debug, Clone, Default)]
struct Verdicts {
    book: Book,
    rows: u64,
    highest_seq: u64,
}

impl Fold for Verdicts {
    fn apply_line(&mut self, line: &str) -> LineKind {
        if line.trim().is_empty() {
            return LineKind::Skipped;
        }
        let Ok(row) = serde_json::from_str::<Map>(line) else { return LineKind::Corrupt };
        if checksum::check(line) == Checked::Wrong {
            return LineKind::Corrupt;
        }
        self.note(row);
        LineKind::Row
    }

    fn apply_draft(&mut self, draft: &Draft, seq: u64) {
        let mut row = draft.fields().clone();
        row.insert("seq".to_owned(), seq.into());
        self.note(row);
    }

    fn highest_seq(&self) -> u64 {
        self.highest_seq
    }
}

impl Verdicts {
    fn note(&mut self, row: Map) {
        self.highest_seq = self.highest_seq.max(seq_of(row.get("seq")));
        self.rows += 1;
        // Only told apart from others of this screen by it.
        self.book.note(&format!("row-{}", self.rows), row);
    }

    /// The rows behind so many, as far as they are kept.
    fn behind(&self, told: u64) -> Vec<VerdictView> {
        let fresh = usize::try_from(self.rows.saturating_sub(told)).unwrap_or(usize::MAX);
        self.book.recent(fresh).cloned().collect()
    }
}

impl Here {
    pub(super) fn new(context: &Context) -> Result<Self, Failure> {
        let workspace = context.workspace()?;
        let launcher = SystemLauncher::new().map_err(|error| {
            Failure::Failed(format!(
                "cannot look at processes: {error}\n  help: `/proc` has to be mounted"
            ))
        })?;
        Ok(Self {
            config: context.config()?,
            socket: workspace.socket(context.environment()),
            git: Git::at(workspace.root()),
            launcher,
            clock: SystemClock::new(),
            lanes: Follower::new(context.lane_journal()?),
            verdicts: Follower::new(context.verdict_journal()?),
            told: 0,
            workspace,
        })
    }

    /// How the exporters go; none when no daemon runs.
    fn exporters(&self) -> Option<Vec<ExporterView>> {
        match control::call(&self.socket, &Request::Exporters, DAEMON_PATIENCE) {
            Ok(Answer::Exporters(statuses)) => {
                Some(statuses.iter().map(ExporterView::from).collect())
            }
            // Somebody is there, and too busy or too old to say.
            Ok(_) | Err(control::ClientError::NoAnswer { .. }) => Some(Vec::new()),
            Err(control::ClientError::NotRunning { .. }) => None,
        }
    }
}

impl Source for Here {
    fn look(&mut self) -> Result<News, String> {
        let unreadable = |path: &std::path::Path, cause| unreadable_journal(path, &cause).message();
        self.lanes.follow().map_err(|cause| unreadable(self.lanes.path(), cause))?;
        let followed =
            self.verdicts.follow().map_err(|cause| unreadable(self.verdicts.path(), cause))?;
        let exporters = self.exporters();
        let link = if exporters.is_some() { Link::Daemon } else { Link::Files };
        let commits = RefCell::new(LaneCommits::quiet(&self.git, &self.config.lanes));
        let around = fleet::Surroundings {
            workspace: self.workspace.root().display().to_string(),
            started_ms: None,
            now_ms: self.clock.now_ms(),
            lanes: &self.config.lanes,
            liveness: &self.config.liveness,
            exporters: exporters.unwrap_or_default(),
            lives: &|process: &StartedProcess| self.launcher.lives(&process.into()),
            commits: &|run, lease| commits.borrow_mut().of(run, lease),
        };
        let verdicts = self.verdicts.state();
        let overview = fleet::overview(self.lanes.state(), &verdicts.book, around)
            .map_err(|error| error.to_string())?;
        let is_rewritten = followed == Followed::Rewritten;
        let told = if is_rewritten { 0 } else { self.told };
        let fresh = verdicts.behind(told);
        self.told = verdicts.rows;
        Ok(News { overview, verdicts: fresh, is_rewritten, link })
    }
}

#[cfg(test)]
mod tests {
    use super::Verdicts;
    use dosd_kernel::fold::Fold as _;
    use dosd_kernel::lines::LineKind;

    #[test]
    fn only_rows_that_were_not_told_are_handed_on() {
        let mut verdicts = Verdicts::default();
        let row = |seq: u64| format!(r#"{{"seq":{seq},"syscall":"worker","verdict":"STARTED"}}"#);
        for seq in 0..3_000 {
            assert_eq!(verdicts.apply_line(&row(seq)), LineKind::Row);
        }
        assert_eq!(verdicts.apply_line("{\"seq\":"), LineKind::Corrupt);
        let seqs = |told| {
            let fresh = verdicts.behind(told);
            (fresh.len(), fresh.first().map(|it| it.row["seq"].as_u64().unwrap()))
        };
        assert_eq!(seqs(2_998), (2, Some(2_998)));
        assert_eq!(seqs(3_000), (0, None));
        assert_eq!(seqs(0), (500, Some(2_500)));
    }
}
