//! What really happened to one run, and what the journal was told of it.

use crate::exec::ExitRecord;
use crate::port::{Exit, ProcessIdentity};
use crate::spawn::worker::{End, Event};

/// Nothing, or what is wrong.
pub(super) type Check = Result<(), String>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Row {
    Started(u32),
    Exited(End),
    Release,
}

/// What the helper of a run is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Helper {
    NotYet,
    Starting,
    Minding,
    Gone,
}

/// What is true of one run, whoever knows it.
#[derive(Debug)]
pub(super) struct Truth {
    pub(super) helper: Helper,
    pub(super) process: Option<ProcessIdentity>,
    /// Real time.
    pub(super) began_ms: i64,
    pub(super) ended_ms: Option<i64>,
    pub(super) exit: Exit,
    /// Members of the group beside the leader.
    pub(super) children: u32,
    pub(super) ignores_term: bool,
    /// Not even KILL ends it, as when its disk hangs.
    pub(super) is_stuck: bool,
    pub(super) record: Option<ExitRecord>,
    pub(super) rows: Vec<Row>,
}

impl Truth {
    pub(super) fn new(ignores_term: bool, is_stuck: bool) -> Self {
        Self {
            helper: Helper::NotYet,
            process: None,
            began_ms: 0,
            ended_ms: None,
            exit: Exit::default(),
            children: 0,
            ignores_term,
            is_stuck,
            record: None,
            rows: Vec::new(),
        }
    }

    pub(super) fn leader_lives(&self) -> bool {
        self.process.is_some() && self.ended_ms.is_none()
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.leader_lives() && self.children == 0
    }

    pub(super) fn is_begun(&self) -> bool {
        self.helper != Helper::NotYet
    }

    pub(super) fn exits(&self) -> usize {
        self.rows.iter().filter(|row| matches!(row, Row::Exited(_))).count()
    }
}

/// The process of a run, by its number.
pub(super) fn identity(run: usize) -> ProcessIdentity {
    // The same pid again and again: only the start tells the processes apart.
    let start_ticks = 100 + run as u64;
    ProcessIdentity { boot_id: "boot".to_owned(), pid: 7, start_ticks, pgid: 7 }
}

pub(super) fn check(holds: bool, otherwise: impl FnOnce() -> String) -> Check {
    if holds { Ok(()) } else { Err(otherwise()) }
}

/// What the journal is told of an end is no more than what is known, and no less.
pub(super) fn check_end(truth: &Truth, end: &End, heard: &[Event]) -> Check {
    let wrong = |what: &str| format!("{what}: {end:?} of {truth:?}");
    check(end.ran_ms >= 0, || wrong("a time that is negative"))?;
    let was_seen = heard.iter().rev().find_map(|event| {
        let (Event::Launched { began_ms, .. } | Event::Found { began_ms, .. }) = event else {
            return None;
        };
        Some(*began_ms)
    });
    let is_recorded = truth.rows.iter().any(|row| matches!(row, Row::Started(_)));
    check(was_seen.is_none() || is_recorded, || wrong("an end without its start"))?;
    let learnt = heard.iter().any(|event| matches!(event, Event::EndLearnt(Some(_))));
    if let (true, Some(record)) = (learnt, truth.record) {
        check(end.ran_ms == record.ran_ms, || wrong("not the time of the record"))?;
        return check(end.exit == record.exit(), || wrong("not the exit of the record"));
    }
    let Some(began_ms) = was_seen else {
        return check(end.ran_ms == 0, || wrong("a time that nobody saw"));
    };
    let ended_ms = heard.iter().find_map(|event| {
        let Event::LeaderExited { at_ms, .. } = event else { return None };
        Some(*at_ms)
    });
    let ran_ms = ended_ms.map(|ended_ms| ended_ms - began_ms);
    check(Some(end.ran_ms) == ran_ms, || wrong("not counted from its beginning"))
}
