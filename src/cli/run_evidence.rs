//! What the world says about one run: commits since its start, the rows of its lease, the age of its
//! beat. Shared by the verbs that judge a run; it judges nothing itself.

use super::context::read_journal;
use super::exit::note;
use super::{Context, Failure};
use crate::git::Git;
use clap::Args;
use dosd_actors::journal::scan;
use dosd_actors::port::{Clock, SystemClock};
use dosd_kernel::lane::{LaneFold, LeaseKey, Progress};
use dosd_kernel::liveness::Evidence;
use dosd_kernel::run_id::RunId;

/// The options that say where the evidence is.
#[derive(Debug, Args)]
pub(super) struct EvidenceArguments {
    /// The commit that the run started from; commits after it are progress
    #[arg(long, value_name = "SHA", default_value = "", hide_default_value = true)]
    pub(super) start_sha: String,
    /// Judge as of this time, in milliseconds since 1970 [default: now]
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    now_ms: Option<i64>,
    /// Age of the newest beat, when it is not the lane journal that knows it
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    last_heartbeat_age_ms: Option<i64>,
    /// The lane of the run's lease; with --loop-ts, the lease's rows count
    #[arg(long, value_name = "LANE")]
    lane: Option<String>,
    /// The loop stamp of the run's lease; with --lane, the lease's rows count
    #[arg(long, value_name = "TS")]
    loop_ts: Option<String>,
}

impl EvidenceArguments {
    /// Gathers the evidence, but for the process.
    pub(super) fn gather(
        &self,
        run: &RunId,
        start_sha: &str,
        git: &Git,
        lanes: &LaneFold,
    ) -> Evidence {
        let now_ms = self.now_ms.unwrap_or_else(|| SystemClock::new().now_ms());
        let progress = self
            .lease()
            .map_or_else(Progress::default, |key| lanes.progress(&key, run.ts_ms(), now_ms));
        Evidence {
            run_started_ms: run.ts_ms(),
            now_ms,
            commits_since_start: commits_since(git, start_sha),
            journal_events_since: progress.events_since_start,
            last_heartbeat_age_ms: self.last_heartbeat_age_ms.or(progress.newest_heartbeat_age_ms),
            tokens_spent_since: None,
            process_alive: None,
        }
    }

    /// The lease that the run is known to hold; both halves of its identity are needed.
    fn lease(&self) -> Option<LeaseKey> {
        let given = |half: &Option<String>| half.clone().filter(|half| !half.is_empty());
        match (given(&self.loop_ts), given(&self.lane)) {
            (Some(loop_ts), Some(lane)) => Some(LeaseKey { loop_ts, lane }),
            (None, None) => None,
            _ => {
                note(
                    &"the lane journal is not asked: a lease is named by --lane and --loop-ts together",
                );
                None
            }
        }
    }
}

/// A run id that was typed.
pub(super) fn parse_run_id(text: &str) -> Result<RunId, Failure> {
    RunId::parse(text).ok_or_else(|| {
        Failure::Usage(format!(
            "`{text}` is not a run id\n  help: pass `RID-` and fifteen digits, as `dosd run-id mint` prints them"
        ))
    })
}

/// The lane journal as it stands.
pub(super) fn read_lanes(context: &Context) -> Result<LaneFold, Failure> {
    let mut lanes = LaneFold::default();
    scan(&read_journal(&context.lane_journal()?)?, &mut lanes);
    Ok(lanes)
}

/// Commits after the start. A history that cannot be read proves no progress: none are counted, and
/// it is said aloud.
fn commits_since(git: &Git, start_sha: &str) -> i64 {
    if start_sha.is_empty() {
        return 0;
    }
    git.count_since(start_sha).unwrap_or_else(|error| {
        note(&format_args!("no commits since `{start_sha}` are counted: {error}"));
        0
    })
}
