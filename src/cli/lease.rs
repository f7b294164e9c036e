//! `dosd lease`: one lock by name for a ceremony that several loops come to, such as archiving. It is no
//! lease on a lane.

use super::exit::note;
use super::{Context, Exit, Failure, Output};
use clap::{Args, Subcommand};
use dosd_actors::archive_lock::{ArchiveLock, Given, Holder, Taken};
use dosd_actors::journal::Pauses;
use dosd_actors::port::{Clock, Disk, SharedClock, SystemClock};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

const ACQUIRE_EXAMPLES: &str = "\
Examples:
  dosd lease acquire fanout-7
  dosd lease acquire fanout-7 --retries 0 --ttl-seconds 60

Exit codes:
  0 acquired, 1 somebody has it, who may bear the same name";

const RELEASE_EXAMPLES: &str = "\
Examples:
  dosd lease release fanout-7
  dosd lease release anybody --force

Exit codes:
  0 in every case that is no failure: a lock of somebody else is left alone, with a warning";

const STATUS_EXAMPLES: &str = "\
Examples:
  dosd lease status
  dosd lease status --ttl-seconds 60";

/// How long another command may take for its file work; one that was stopped in the middle of it
/// takes longer.
const TURN_AT_MOST: Duration = Duration::from_secs(10);

/// Take, give back and show the archive lock: acquire, release, status
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Acquire(Acquire),
    Release(Release),
    Status(Status),
}

/// Take the archive lock
#[derive(Debug, Args)]
#[command(after_help = ACQUIRE_EXAMPLES)]
struct Acquire {
    /// Who takes it
    #[arg(value_parser = one_line)]
    owner: String,
    /// How often a busy lock is tried again
    #[arg(long, value_name = "N", default_value_t = 5)]
    retries: u32,
    /// The time between two tries
    #[arg(long, value_name = "SECONDS", default_value_t = 2.0)]
    retry_interval: f64,
    /// The age at which it may be taken from its holder
    #[arg(long, value_name = "SECONDS", default_value_t = 300, allow_negative_numbers = true)]
    ttl_seconds: i64,
}

/// Give the archive lock back
#[derive(Debug, Args)]
#[command(after_help = RELEASE_EXAMPLES)]
struct Release {
    /// Who has it
    owner: String,
    /// Take it from whoever has it
    #[arg(long)]
    force: bool,
}

/// Show who has the archive lock
#[derive(Debug, Args)]
#[command(after_help = STATUS_EXAMPLES)]
struct Status {
    /// The age at which it counts as stale
    #[arg(long, value_name = "SECONDS", default_value_t = 300, allow_negative_numbers = true)]
    ttl_seconds: i64,
}

impl Arguments {
    pub(super) fn execute(self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        let place = place(context)?;
        let clock: SharedClock = Arc::new(SystemClock::new());
        let lock = ArchiveLock::new(Arc::new(Disk), Arc::clone(&clock), place.clone());
        let done = match self.verb {
            Verb::Acquire(it) => return it.execute(&lock, &*clock, &place, output),
            Verb::Release(it) => it.execute(&lock, output),
            Verb::Status(it) => it.execute(&lock, output),
        };
        done.map_err(|cause| cannot_use(&place, &cause))
    }
}

impl Acquire {
    fn execute(
        self,
        lock: &ArchiveLock,
        clock: &dyn Clock,
        place: &Path,
        output: &mut Output,
    ) -> Result<Exit, Failure> {
        let interval = Duration::try_from_secs_f64(self.retry_interval).map_err(|_| {
            Failure::Usage(format!(
                "`--retry-interval {}` is no time to wait\n  help: pass seconds, as 2",
                self.retry_interval
            ))
        })?;
        let until = interval.saturating_mul(self.retries);
        let stale_after_ms = self.ttl_seconds.saturating_mul(1000);
        loop {
            let taken = in_turn(|| lock.take(&self.owner, std::process::id(), stale_after_ms));
            match taken.map_err(|cause| cannot_use(place, &cause))? {
                Taken::Free => output.line(format_args!("acquired {}", self.owner)),
                Taken::Stale(before) => output.line(format_args!("stole-stale {}", of(&before))),
                Taken::Held(holder) => {
                    let left = until.saturating_sub(clock.monotonic());
                    if left.is_zero() {
                        note(&format_args!("busy {}", of(&holder)));
                        return Ok(Exit::NEGATIVE);
                    }
                    wait(left.min(interval));
                    continue;
                }
            }
            return Ok(Exit::SUCCESS);
        }
    }
}

impl Release {
    fn execute(self, lock: &ArchiveLock, output: &mut Output) -> io::Result<Exit> {
        let owner = (!self.force).then_some(self.owner.as_str());
        match in_turn(|| lock.give_back(owner))? {
            Given::NoLock => output.line("released (no-lock)"),
            Given::Back(holder) if self.force => {
                output.line(format_args!("force-released (was: {})", name(&holder)));
            }
            Given::Back(_) => output.line(format_args!("released {}", self.owner)),
            Given::NotYours(holder) => note(&format_args!(
                "the lock is held by `{}`, not by `{}`, and stays\n  help: `--force` takes it from whoever has it",
                name(&holder),
                self.owner
            )),
        }
        Ok(Exit::SUCCESS)
    }
}

impl Status {
    fn execute(&self, lock: &ArchiveLock, output: &mut Output) -> io::Result<Exit> {
        let stale_after_ms = self.ttl_seconds.saturating_mul(1000);
        match lock.holder()? {
            None => output.line("free"),
            Some(holder) if holder.age_ms.is_some_and(|age_ms| age_ms >= stale_after_ms) => {
                output.line(format_args!("stale {}", of(&holder)));
            }
            Some(holder) => output.line(format_args!("held {}", of(&holder))),
        }
        Ok(Exit::SUCCESS)
    }
}

/// The lock file; its directory is made.
fn place(context: &Context) -> Result<PathBuf, Failure> {
    let workspace = context.workspace()?;
    let place = workspace.archive_lock(&context.config()?.paths, context.environment());
    let made = workspace.ensure_state_dir().and_then(|_| match place.parent() {
        Some(parent) => std::fs::create_dir_all(parent),
        None => Ok(()),
    });
    made.map_err(|cause| cannot_use(&place, &cause))?;
    Ok(place)
}

/// Does file work when no other command of ours does any; each takes far less than a millisecond.
fn in_turn<T>(mut work: impl FnMut() -> io::Result<Option<T>>) -> io::Result<T> {
    let (mut pauses, mut waited) = (Pauses::default(), Duration::ZERO);
    while waited < TURN_AT_MOST {
        if let Some(done) = work()? {
            return Ok(done);
        }
        let pause = pauses.next_pause();
        wait(pause);
        waited += pause;
    }
    Err(io::ErrorKind::WouldBlock.into())
}

/// A name that stays one line of the lock file.
fn one_line(name: &str) -> Result<String, String> {
    if name.contains(char::is_control) {
        return Err("a name is one line without control characters".to_owned());
    }
    Ok(name.to_owned())
}

fn of(holder: &Holder) -> String {
    // Whole seconds, half to even, as others print them.
    #[expect(clippy::cast_precision_loss, reason = "exact for ages up to 285,000 years")]
    let age = holder.age_ms.map(|age_ms| format!("{:.0}s", age_ms as f64 / 1000.0));
    format!("{} age={}", name(holder), age.as_deref().unwrap_or("?s"))
}

fn name(holder: &Holder) -> &str {
    holder.owner.as_deref().unwrap_or("<unknown>")
}

#[expect(clippy::disallowed_methods, reason = "a command of one thread has nothing else to do")]
fn wait(pause: Duration) {
    std::thread::sleep(pause);
}

fn cannot_use(place: &Path, cause: &io::Error) -> Failure {
    if cause.kind() == io::ErrorKind::WouldBlock {
        return Failure::Busy(format!(
            "another command is at the lock `{}` and does not come to an end\n  help: try again, or end that command",
            place.display()
        ));
    }
    Failure::Failed(format!(
        "cannot use the lock `{}`: {cause}\n  help: make its directory writable for this user",
        place.display()
    ))
}
