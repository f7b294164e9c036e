//! The life of one worker as a state machine: events in, actions out. It has no clock
//! and touches nothing; times come in as values, and somebody else performs.
//!
//! ```text
//! Fresh ─┬─ Preparing ─┬─ Launching ─┬─ Running ─ Leaderless ─┬─ Learning ─┬─ Ending ─ Over
//!        │             │             └────────────────────────│────────────┤
//!        │             └─ Unwanted ───────────────────────────│────────────┘
//!        ├─ Awaited ─┬─ Running                               └─ Ending
//!        │           └─ Learning
//!        ├─ Running
//!        └─ Learning
//! ```
//!
//! An event that does not belong to the state, to the process or to the newest look is
//! late: it changes nothing and asks for nothing. A stop goes beside all this, because it
//! may be asked for in every state.

mod event;
#[cfg(test)]
mod tests;

use std::time::Duration;

use dosd_kernel::restart::Excuse;

pub(super) use self::event::{Action, Answer, End, Event, Group, Look};
use crate::exec::ExitRecord;
use crate::port::{Exit, ProcessIdentity, Signal};

/// The pause before the second look at a group. At the first its leader is often a
/// zombie still, which its parent waits for in this very moment.
const LOOK_AT_FIRST: Duration = Duration::from_millis(1);

/// The longest pause between two looks at a group that nobody wants stopped.
const LOOK_AT_MOST: Duration = Duration::from_secs(2);

/// One run of one worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Worker {
    state: State,
    stop: Stop,
    /// Its process as the journal knows it, or will.
    pid: Option<u32>,
    /// Why its end does not count for the restart rule; none if it does.
    excuse: Option<Excuse>,
    /// The number of the newest look at its group.
    look: u32,
    /// From this pause on a group is looked at closely; glances come before.
    look_interval: Duration,
}

/// Where a run stands.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    /// Nothing is known of it.
    Fresh,
    /// Its baseline is being read.
    Preparing,
    /// Its baseline is being read, and it is not to be started any more.
    Unwanted,
    /// Its process is being started.
    Launching,
    /// Its helper is about to start it, or to record its end.
    Awaited,
    /// Its process lives, for all that is known.
    Running { process: ProcessIdentity, began_ms: i64 },
    /// Its leader has ended. Its group may have members.
    Leaderless { process: ProcessIdentity, exit: Exit, ran_ms: i64, pause: Duration, said: Said },
    /// Nobody of its group is left. How it ended is being read.
    Learning { ran_ms: i64 },
    /// Its end is being put on disk and told.
    Ending { end: End },
    /// Whoever plans knows. What is left is to say what it left behind.
    Over,
}

/// Whether it was said who is left of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Nothing,
    WhoIsLeft,
}

/// How far an order to stop has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    NotAsked,
    /// It was asked, or is being asked, to end by itself.
    Asked,
    /// It is being killed.
    Forced,
}

impl Stop {
    fn signal(self) -> Option<Signal> {
        match self {
            Self::NotAsked => None,
            Self::Asked => Some(Signal::Terminate),
            Self::Forced => Some(Signal::Kill),
        }
    }
}

impl Worker {
    /// A run of which nothing is known but, perhaps, which process the journal says it
    /// has.
    pub(super) fn new(pid: Option<u32>, look_interval: Duration) -> Self {
        Self {
            state: State::Fresh,
            stop: Stop::NotAsked,
            pid,
            excuse: None,
            look: 0,
            look_interval,
        }
    }

    /// Its end will be nobody's failure.
    pub(super) fn excuse(&mut self, excuse: Excuse) {
        self.excuse.get_or_insert(excuse);
    }

    /// The process whose group has members, for all that is known.
    pub(super) fn process(&self) -> Option<&ProcessIdentity> {
        match &self.state {
            State::Running { process, .. } | State::Leaderless { process, .. } => Some(process),
            State::Fresh
            | State::Preparing
            | State::Unwanted
            | State::Launching
            | State::Awaited
            | State::Learning { .. }
            | State::Ending { .. }
            | State::Over => None,
        }
    }

    /// Moves on.
    pub(super) fn step(&mut self, event: Event) -> Vec<Action> {
        match (&self.state, event) {
            (_, Event::StopAsked) => self.stop_asked(),
            (_, Event::TermTimedOut) => self.term_timed_out(),
            (_, Event::KillTimedOut) => self.kill_timed_out(),
            (State::Fresh, Event::Ordered) => {
                self.state = State::Preparing;
                vec![Action::TakeBaseline]
            }
            (State::Unwanted, Event::BaselineTaken) => {
                self.fail("it was stopped before it was started".to_owned())
            }
            (State::Preparing, Event::BaselineTaken) => {
                self.state = State::Launching;
                vec![Action::Launch]
            }
            (State::Launching, Event::LaunchFailed(failure)) => self.fail(failure),
            (State::Launching, Event::Launched { process, began_ms })
            | (State::Fresh | State::Awaited, Event::Found { process, began_ms }) => {
                self.run(process, began_ms)
            }
            (State::Fresh | State::Awaited, Event::HelperFound { has_record: false }) => {
                self.state = State::Awaited;
                vec![Action::LookForWorker]
            }
            (State::Fresh, Event::NobodyFound) => {
                // It ended while nobody watched.
                self.excuse(Excuse::Unwatched);
                self.learn(0)
            }
            (
                State::Fresh | State::Awaited,
                Event::HelperFound { has_record: true } | Event::NobodyFound,
            ) => self.learn(0),
            (
                State::Running { process, began_ms },
                Event::LeaderExited { process: ended, exit, at_ms },
            ) if *process == ended => {
                let ran_ms = at_ms.saturating_sub(*began_ms).max(0);
                self.lose_leader(ended, exit, ran_ms)
            }
            // Empty is empty, whichever look saw it.
            (
                State::Leaderless { process, .. },
                Event::GroupSeen { process: seen, look, group },
            ) if *process == seen && (look == self.look || group == Group::Empty) => {
                self.see(group)
            }
            (State::Learning { ran_ms }, Event::EndLearnt(record)) => {
                let own = ExitRecord { code: None, signal: None, ran_ms: *ran_ms };
                let record = record.unwrap_or(own);
                self.end(record.exit(), record.ran_ms.max(0))
            }
            (State::Ending { end }, Event::EndTold) => {
                // After the telling: surfaces that are slow keep no lane empty.
                let actions =
                    vec![Action::TellVerdict(end.clone()), Action::CleanUp, Action::Leave];
                self.state = State::Over;
                actions
            }
            // Late, all of them.
            _ => Vec::new(),
        }
    }

    /// Its process lives.
    fn run(&mut self, process: ProcessIdentity, began_ms: i64) -> Vec<Action> {
        let is_recorded = self.pid.is_some();
        self.pid.get_or_insert(process.pid);
        self.state = State::Running { process: process.clone(), began_ms };
        let mut actions = Vec::new();
        // Somebody did not want to wait for it to come to be.
        actions.extend(self.stop.signal().map(|signal| Action::Signal(process.clone(), signal)));
        if !is_recorded {
            actions.push(Action::RecordStart(process.clone()));
        }
        // After the record: the end must not be on disk before the start.
        actions.push(Action::WatchLeader(process));
        actions
    }

    fn lose_leader(&mut self, process: ProcessIdentity, exit: Exit, ran_ms: i64) -> Vec<Action> {
        let look = self.look_again(&process, Duration::ZERO);
        let (pause, said) = (LOOK_AT_FIRST, Said::Nothing);
        self.state = State::Leaderless { process, exit, ran_ms, pause, said };
        vec![look]
    }

    /// A run is not over while its group has members: a new worker would work beside the
    /// rest of the old one. There is no notice for this, only for the leader.
    fn see(&mut self, group: Group) -> Vec<Action> {
        let State::Leaderless { process, exit, ran_ms, pause, said } = &mut self.state else {
            return Vec::new();
        };
        let mut actions = Vec::new();
        match group {
            Group::Empty => {
                let (exit, ran_ms) = (*exit, *ran_ms);
                let is_seen = exit != Exit::default();
                return if is_seen { self.end(exit, ran_ms) } else { self.learn(ran_ms) };
            }
            Group::Members(members) if *said == Said::Nothing => {
                *said = Said::WhoIsLeft;
                actions.push(Action::SayWhoIsLeft(members));
            }
            Group::Members(_) | Group::Present => {}
        }
        // Whoever wants it stopped waits: then the look is a close one.
        let is_stopping = self.stop != Stop::NotAsked;
        let longest = if is_stopping { self.look_interval } else { LOOK_AT_MOST };
        let after = (*pause).min(longest);
        *pause = after * 2;
        let process = process.clone();
        actions.push(self.look_again(&process, after));
        actions
    }

    fn look_again(&mut self, process: &ProcessIdentity, after: Duration) -> Action {
        self.look += 1;
        let how = if after < self.look_interval { Look::Glance } else { Look::Closely };
        Action::LookAtGroup { process: process.clone(), after, how, look: self.look }
    }

    fn learn(&mut self, ran_ms: i64) -> Vec<Action> {
        self.state = State::Learning { ran_ms };
        vec![Action::LearnEnd]
    }

    fn fail(&mut self, failure: String) -> Vec<Action> {
        self.conclude(End { failure: Some(failure), ..End::default() })
    }

    fn end(&mut self, exit: Exit, ran_ms: i64) -> Vec<Action> {
        self.conclude(End { pid: self.pid, exit, ran_ms, ..End::default() })
    }

    /// The end is on disk before anybody hears of it.
    fn conclude(&mut self, end: End) -> Vec<Action> {
        let end = End { excused: self.excuse, ..end };
        self.state = State::Ending { end: end.clone() };
        vec![Action::RecordEnd(end.clone()), Action::TellSupervisor(end)]
    }

    fn stop_asked(&mut self) -> Vec<Action> {
        if self.state == State::Over || self.stop != Stop::NotAsked {
            // Whoever asks now hears what the others hear.
            return Vec::new();
        }
        self.stop = Stop::Asked;
        if self.state == State::Preparing {
            self.state = State::Unwanted;
        }
        let mut actions = self.signal();
        actions.push(Action::AwaitTerm);
        actions
    }

    fn term_timed_out(&mut self) -> Vec<Action> {
        if self.state == State::Over || self.stop != Stop::Asked {
            return Vec::new();
        }
        self.stop = Stop::Forced;
        let mut actions = self.signal();
        actions.push(Action::AwaitKill);
        actions
    }

    /// The order is over, the worker is not: it may be asked for again.
    fn kill_timed_out(&mut self) -> Vec<Action> {
        if self.state == State::Over || self.stop != Stop::Forced {
            return Vec::new();
        }
        self.stop = Stop::NotAsked;
        let outlived = self.process().cloned().map(Answer::Outlived);
        vec![Action::AnswerStop(outlived.unwrap_or(Answer::Unproven))]
    }

    /// Signals a group that has members, and none else: the number of an empty one may be
    /// somebody else's by now.
    fn signal(&mut self) -> Vec<Action> {
        let (Some(process), Some(signal)) = (self.process().cloned(), self.stop.signal()) else {
            return Vec::new();
        };
        let mut actions = vec![Action::Signal(process.clone(), signal)];
        if matches!(self.state, State::Leaderless { .. }) {
            // In place of the look that a long pause may lie before.
            actions.push(self.look_again(&process, self.look_interval));
        }
        actions
    }
}
