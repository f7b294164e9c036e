//! `dosd top`: the fleet on one screen, once or again and again. It reads the lane journal, the
//! verdict envelopes and the git history, and changes nothing.

use super::age::age;
use super::cadence::{self, Cadence};
use super::context::unreadable_journal;
use super::exit::note;
use super::{Context, Exit, Failure, Layout, Output, envelopes, verify};
use crate::config::{Config, OtherPath};
use crate::follow::Follower;
use crate::git::{Git, GitErrorKind};
use crate::workspace::Workspace;
use clap::Args;
use dosd_actors::port::{Clock, SystemClock};
use dosd_kernel::frame::{self, Activity, Chip, Frame, FrameFold, Trust, VerdictRow};
use dosd_kernel::stamp;
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  dosd top
  dosd top --once
  dosd top --json | jq '.lanes[] | {lane, chip}'

On a terminal a frame is printed every --interval seconds until INT (Ctrl-C); into a pipe, one.";

/// The most verdicts and commits that are shown.
const MOST_VERDICTS: usize = 12;
const MOST_COMMITS: usize = 10;

/// Frames do not follow each other faster.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(500);

/// Show the fleet: who holds which lane, recent verdicts and commits
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Print one frame and end
    #[arg(long)]
    once: bool,
    /// Print one frame as a JSON object and end
    #[arg(long)]
    json: bool,
    /// How many seconds between two frames
    #[arg(
        long,
        value_name = "SECONDS",
        default_value = "5",
        value_parser = cadence::seconds,
        allow_negative_numbers = true
    )]
    interval: Duration,
}

impl Arguments {
    pub(super) fn execute(self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        let mut camera = Camera::new(context)?;
        let clock = SystemClock::new();
        if self.json {
            output.json(&camera.frame(clock.now_ms())?, Layout::Indented);
        } else if self.once || !std::io::stdout().is_terminal() {
            print(&camera.frame(clock.now_ms())?, output);
        } else {
            let mut cadence = Cadence::every(self.interval.max(SHORTEST_INTERVAL))?;
            cadence::repeat(&mut cadence, None, output, |output| {
                print(&camera.frame(clock.now_ms())?, output);
                output.line("");
                Ok(())
            })?;
        }
        Ok(Exit::SUCCESS)
    }
}

/// Takes frames of a workspace.
struct Camera {
    config: Config,
    workspace: Workspace,
    git: Git,
    journal: Follower<FrameFold>,
}

/// The fleet at this moment.
pub(super) fn frame(context: &Context) -> Result<Frame, Failure> {
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

/// Prints a frame for people.
pub(super) fn print(frame: &Frame, output: &mut Output) {
    output.line(format_args!("{}  {}", frame.workspace, frame.now));
    if !frame.initialized {
        output.line("without a `dos.toml`: the lanes are the default ones");
    }
    output.line("LANES");
    for state in &frame.lanes {
        let mark = if state.is_exclusive { '*' } else { ' ' };
        let since = if state.chip == Chip::Spawning { "since" } else { "beat" };
        let mut line = format!(" {mark}{:<16}  {:<9}", state.lane, state.chip.as_str());
        for (what, value) in [
            (since, state.heartbeat_age_ms.map(|age_ms| age(Some(age_ms / 1000)))),
            ("loop", Some(state.loop_ts.clone())),
            ("holder", Some(state.holder.clone())),
        ] {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                line = format!("{line}  {what} {value}");
            }
        }
        output.line(line.trim_end());
    }
    output.line("VERDICTS");
    for row in &frame.verdicts {
        let VerdictRow { lane, verdict, pick, trust, reason_token, .. } = row;
        let age = age(row.age_ms.map(|age_ms| age_ms / 1000));
        let trust = if *trust == Trust::NotApplicable { "" } else { trust.as_str() };
        let line =
            format!("  {age:>4}  {lane:<16}  {verdict:<9}  {pick:<16}  {trust} {reason_token}");
        output.line(line.trim_end());
    }
    output.line("COMMITS");
    for commit in &frame.activity {
        output.line(format_args!("  {:<10}  {}", commit.sha, commit.subject));
    }
}
