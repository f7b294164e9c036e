//! The one place that is armed, and what happens there.

use std::fs::OpenOptions;
use std::io::{self, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rustix::process::{Signal, getpid, kill_process};

use super::{Malformed, Point};

/// At most one for each process, for good: it is what a test started the process for.
static ARMED: OnceLock<Armed> = OnceLock::new();

/// What happens at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    /// KILL to this process: nothing is flushed, dropped or given back.
    Kill,
    /// STOP to this process: it stands still until somebody lets it go on.
    Stop,
    /// What was to be done there fails as a broken disk does.
    Error,
}

/// A place, which of its passes, and what happens then.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Armed {
    point: Point,
    /// From 1.
    nth: u64,
    action: Action,
    /// Where passes are counted.
    passes: PathBuf,
    bug: Bug,
}

/// A bug that is planted to see whether the tests notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bug {
    None,
    /// What is appended to an exporter's file reaches it with the next append only, as if the cursor were
    /// saved before the sink has taken anything.
    LateExport,
}

impl Armed {
    /// Reads `POINT:NTH:ACTION`.
    ///
    /// # Errors
    /// [`Malformed`], also for a place that is not in the list.
    fn parse(text: &str, passes: &Path) -> Result<Self, Malformed> {
        let armed = || {
            let mut parts = text.split(':');
            let (name, nth, action) = (parts.next()?, parts.next()?, parts.next()?);
            let action = match action {
                "kill" => Action::Kill,
                "stop" => Action::Stop,
                "error" => Action::Error,
                _ => return None,
            };
            let bug = match parts.next() {
                None => Bug::None,
                Some("late-export") => Bug::LateExport,
                Some(_) => return None,
            };
            let point = *Point::ALL.iter().find(|point| point.name() == name)?;
            let nth = nth.parse().ok().filter(|nth| *nth > 0)?;
            let passes = passes.to_owned();
            parts.next().is_none().then_some(Self { point, nth, action, passes, bug })
        };
        armed().ok_or_else(|| Malformed(text.to_owned()))
    }

    /// Counts a pass, and says which one it was. The place in the file behind an `O_APPEND` write is its own
    /// also when helpers count beside it.
    fn count(&self) -> io::Result<u64> {
        let mut file = OpenOptions::new().create(true).append(true).open(&self.passes)?;
        file.write_all(b".")?;
        file.stream_position()
    }

    fn is_due(&self, point: Point) -> bool {
        self.point == point && self.count().is_ok_and(|pass| pass == self.nth)
    }
}

/// Arms a place of this process, and counts its passes in a file. Only the first one counts.
///
/// # Errors
/// [`Malformed`]; nothing is armed then.
pub fn arm(wish: &str, passes: &Path) -> Result<(), Malformed> {
    let armed = Armed::parse(wish, passes)?;
    let _ = ARMED.set(armed);
    Ok(())
}

/// Whether exports are to be late.
pub(crate) fn exports_are_late() -> bool {
    ARMED.get().is_some_and(|armed| armed.bug == Bug::LateExport)
}

/// Passes a place.
///
/// # Errors
/// The one that was armed for here.
pub(crate) fn pass(point: Point) -> io::Result<()> {
    if is_due(point) { happen() } else { Ok(()) }
}

/// Whether it is this pass of this place that a test wants something of; [`happen`] then does it.
pub(crate) fn is_due(point: Point) -> bool {
    ARMED.get().is_some_and(|armed| armed.is_due(point))
}

/// Does what was armed for.
pub(crate) fn happen() -> io::Result<()> {
    let signal = match ARMED.get().map(|armed| armed.action) {
        Some(Action::Kill) => Signal::KILL,
        Some(Action::Stop) => Signal::STOP,
        Some(Action::Error) => return Err(rustix::io::Errno::IO.into()),
        None => return Ok(()),
    };
    kill_process(getpid(), signal)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_failpoint_is_refused() {
        let read = |text| Armed::parse(text, Path::new("passes"));
        assert!(read("cursor.save.before:3:kill").is_ok());
        let more = "cursor.save.before:1:kill:x";
        for text in ["", "cursor:3:kill", "spawn.before:0:kill", "spawn.before:1:x", more] {
            assert_eq!(read(text), Err(Malformed(text.to_owned())));
        }
    }

    #[test]
    fn only_the_pass_that_was_named_is_due() {
        let directory = tempfile::tempdir().unwrap();
        let passes = directory.path().join("passes");
        let armed = Armed::parse("spawn.before:3:error", &passes).unwrap();
        assert!(!armed.is_due(Point::SpawnStarted), "another place does not count");
        let due: Vec<_> = (0..5).map(|_| armed.is_due(Point::SpawnBefore)).collect();
        assert_eq!(due, [false, false, true, false, false]);
    }
}
