//! One run of git, to its end or to the end of patience. It knows nothing about git's answers.

use super::error::GitErrorKind;
use dosd_actors::port::{Children, Output, Program};
use std::io::{self, Read as _};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// The most that is read of one output.
const LIMIT_MIB: usize = 256;

/// A command, whose program has this name, and how long it may take.
pub(super) struct Process<'a> {
    pub(super) program: &'a Path,
    pub(super) command: Command,
    pub(super) patience: Duration,
    pub(super) children: &'a Children,
}

/// How it ended.
pub(super) struct Ended {
    pub(super) succeeded: bool,
    pub(super) printed: Vec<u8>,
    pub(super) complaint: String,
}

impl Process<'_> {
    pub(super) fn run(self) -> Result<Ended, GitErrorKind> {
        let Self { program, command, patience, children } = self;
        let unanswered = |cause: io::Error| {
            let is_late = cause.kind() == io::ErrorKind::TimedOut;
            if is_late { GitErrorKind::TimedOut(patience) } else { GitErrorKind::Unreadable(cause) }
        };
        let mut running = Program::start(command, Output::Read, patience, children)
            .map_err(|cause| GitErrorKind::NoProgram { program: program.into(), cause })?;
        let mut printed = Vec::new();
        let limit = LIMIT_MIB << 20;
        let mut output = running.by_ref().take(limit as u64 + 1);
        output.read_to_end(&mut printed).map_err(unanswered)?;
        if printed.len() > limit {
            return Err(GitErrorKind::TooMuch(LIMIT_MIB));
        }
        let ended = running.finish().map_err(unanswered)?;
        Ok(Ended { succeeded: ended.status.success(), printed, complaint: ended.complaint })
    }
}
