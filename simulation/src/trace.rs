//! What happened in one run, in order: lines for people, counts for the summary, and what
//! was found wrong. The same seed gives the same lines to the letter.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dosd_kernel::invariant::Violation;
use tokio::time::Instant;

use crate::fault::Fault;

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// A named invariant does not hold.
    Violated(Violation),
    /// Left in peace, the system did not come to rest where it should.
    NotConverged(String),
    /// An actor panicked that nobody had asked to.
    Panicked(String),
    /// The daemon ended, or did not, against what is promised.
    Daemon(String),
    /// A claim was judged against what is so.
    Misjudged(String),
    /// A process got a signal, or not, against what is promised.
    Process(String),
    /// Too little happened to prove anything.
    TooLittle(String),
}

impl Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Violated(violation) => violation.fmt(f),
            Self::NotConverged(what) => write!(f, "not converged: {what}"),
            Self::Panicked(what) => write!(f, "panic: {what}"),
            Self::Daemon(what) => write!(f, "daemon: {what}"),
            Self::Misjudged(what) => write!(f, "claim: {what}"),
            Self::Process(what) => write!(f, "process: {what}"),
            Self::TooLittle(what) => write!(f, "too little happened: {what}"),
        }
    }
}

/// The record of one run. Clones share it.
#[derive(Clone)]
pub(crate) struct Trace {
    origin: Instant,
    show: Show,
    state: Arc<Mutex<State>>,
}

/// Who sees the lines while they come.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// Nobody.
    Nothing,
    /// Whoever reads the log of the process.
    Lines,
}

#[derive(Default)]
struct State {
    lines: Vec<String>,
    events: u64,
    faults: BTreeMap<Fault, u64>,
    findings: Vec<Finding>,
}

impl Trace {
    pub(crate) fn new(show: Show) -> Self {
        Self { origin: Instant::now(), show, state: Arc::default() }
    }

    /// Something happened.
    pub(crate) fn note(&self, what: impl Display) {
        let line = format!("{:>10.3} {what}", self.origin.elapsed().as_secs_f64());
        if self.show == Show::Lines {
            tracing_line(&line);
        }
        let mut state = self.state();
        state.events += 1;
        state.lines.push(line);
    }

    /// A fault was injected.
    pub(crate) fn fault(&self, fault: Fault, what: impl Display) {
        self.note(format_args!("fault {fault}: {what}"));
        *self.state().faults.entry(fault).or_default() += 1;
    }

    /// Something is wrong.
    pub(crate) fn find(&self, finding: Finding) {
        // What stays wrong is said once.
        if !self.state().findings.contains(&finding) {
            self.note(format_args!("FOUND {finding}"));
            self.state().findings.push(finding);
        }
    }

    /// Violations of invariants.
    pub(crate) fn violated(&self, violations: Vec<Violation>) {
        for violation in violations {
            self.find(Finding::Violated(violation));
        }
    }

    /// How many faults were injected.
    pub(crate) fn faults(&self) -> u64 {
        self.state().faults.values().sum()
    }

    pub(crate) fn has_findings(&self) -> bool {
        !self.state().findings.is_empty()
    }

    /// Lines, their number, counts of faults, and findings.
    pub(crate) fn take(&self) -> (Vec<String>, u64, BTreeMap<Fault, u64>, Vec<Finding>) {
        let state = std::mem::take(&mut *self.state());
        (state.lines, state.events, state.faults, state.findings)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[expect(clippy::print_stdout, reason = "this is what somebody who replays a seed asked for")]
fn tracing_line(line: &str) {
    println!("{line}");
}
