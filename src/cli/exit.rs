//! How a command ends: the exit codes, the reasons for having no answer, and the one place that
//! prints such a reason. It never exits; `main` does.

use crate::config::ConfigError;
use crate::workspace::WorkspaceError;
use dosd_actors::journal::{JournalError, JournalErrorKind};
use dosd_kernel::arbiter::Outcome;
use dosd_kernel::cooldown::Cooldown;
use dosd_kernel::effect_witness::EffectVerdict;
use dosd_kernel::invalid::InvalidArgument;
use dosd_kernel::liveness::Liveness;
use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

/// An exit code with a meaning.
///
/// A verdict's own codes are small numbers that its verb documents; the codes of a tool that did
/// not get as far as a verdict never overlap with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exit(u8);

impl Exit {
    /// Done, or the verdict is the good one.
    pub const SUCCESS: Self = Self(0);
    /// The verdict is negative: damage, a refuted claim.
    pub const NEGATIVE: Self = Self(1);
    /// The command line or the configuration is wrong.
    pub const USAGE: Self = Self(2);
    /// There is no verdict either way: nothing could be seen. Also of a run that spins.
    pub const UNDECIDED: Self = Self(3);
    /// The lock of the lane leases was busy: what `lease-lane acquire` says instead of [`Self::BUSY`],
    /// as the Python tool does.
    pub const LOCK_BUSY: Self = Self(4);
    /// A run has stalled.
    pub const STALLED: Self = Self(4);
    /// The tool failed, as `EX_SOFTWARE` of sysexits.
    pub const FAILED: Self = Self(70);
    /// Somebody else is at it; try again, as `EX_TEMPFAIL` of sysexits.
    pub const BUSY: Self = Self(75);

    /// The number that the shell sees.
    #[must_use]
    pub fn code(self) -> u8 {
        self.0
    }
}

impl From<Cooldown> for Exit {
    fn from(verdict: Cooldown) -> Self {
        match verdict {
            Cooldown::Clear => Self::SUCCESS,
            Cooldown::RecentlyAttempted => Self(3),
        }
    }
}

impl From<Outcome> for Exit {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Acquire => Self::SUCCESS,
            Outcome::Refuse => Self::NEGATIVE,
        }
    }
}

impl From<EffectVerdict> for Exit {
    fn from(verdict: EffectVerdict) -> Self {
        match verdict {
            EffectVerdict::Confirmed => Self::SUCCESS,
            EffectVerdict::Refuted => Self::NEGATIVE,
            EffectVerdict::Unwitnessed | EffectVerdict::NoClaim => Self::UNDECIDED,
        }
    }
}

impl From<Liveness> for Exit {
    fn from(verdict: Liveness) -> Self {
        match verdict {
            Liveness::Advancing => Self::SUCCESS,
            Liveness::Spinning => Self::UNDECIDED,
            Liveness::Stalled => Self::STALLED,
        }
    }
}

/// Why a command has no answer, by what follows from it. The texts are complete: what, where, and
/// what to do next.
#[derive(Debug)]
pub enum Failure {
    /// The command line is not one of ours, or asks for help; clap knows which and what to print.
    CommandLine(Box<clap::Error>),
    /// What was typed or configured cannot be used: [`Exit::USAGE`].
    Usage(String),
    /// Reading or writing failed: [`Exit::FAILED`].
    Failed(String),
    /// Somebody else holds what is needed: [`Exit::BUSY`].
    Busy(String),
}

impl Failure {
    /// The text that a person is shown.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::CommandLine(error) => error.to_string(),
            Self::Usage(message) | Self::Failed(message) | Self::Busy(message) => message.clone(),
        }
    }
}

impl From<clap::Error> for Failure {
    fn from(error: clap::Error) -> Self {
        Self::CommandLine(Box::new(error))
    }
}

impl From<WorkspaceError> for Failure {
    fn from(error: WorkspaceError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<InvalidArgument> for Failure {
    fn from(error: InvalidArgument) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        match error.kind {
            JournalErrorKind::Busy { .. } => Self::Busy(error.to_string()),
            JournalErrorKind::Fatal { .. }
            | JournalErrorKind::Io { .. }
            | JournalErrorKind::Unreachable => Self::Failed(error.to_string()),
        }
    }
}

/// Prints why there is no answer, once, and turns the outcome into the process's exit code.
#[must_use]
pub fn conclude(outcome: Result<Exit, Failure>) -> ExitCode {
    let exit = match outcome {
        Ok(exit) => exit,
        Err(Failure::CommandLine(error)) => {
            // As in `note`: what cannot be printed changes nothing.
            let _ = error.print();
            if error.use_stderr() { Exit::USAGE } else { Exit::SUCCESS }
        }
        Err(Failure::Usage(message)) => complain(&message, Exit::USAGE),
        Err(Failure::Failed(message)) => complain(&message, Exit::FAILED),
        Err(Failure::Busy(message)) => complain(&message, Exit::BUSY),
    };
    ExitCode::from(exit.code())
}

/// Tells a person something that changes nothing about the outcome.
pub(super) fn note(message: &impl Display) {
    // A closed standard error has nobody to tell.
    let _ = writeln!(std::io::stderr(), "dosd: {message}");
}

/// Tells a program something that is no result, as one line of JSON.
pub(super) fn note_json(value: &serde_json::Value) {
    // As in `note`.
    let _ = writeln!(std::io::stderr(), "{value}");
}

fn complain(message: &str, exit: Exit) -> Exit {
    note(&message);
    exit
}
