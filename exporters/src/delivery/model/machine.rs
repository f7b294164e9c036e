//! An exporter without its actor: it loads, sends, and performs what the courier says, as
//! the pump does, on a disk that keeps what was written when it crashes.

use std::time::Duration;

use dosd_actors::journal::{Cursor, Page};
use dosd_kernel::verdict::Severity;

use super::plan::{Answer, Plan, Row};
use super::receiver::Receiver;
use crate::cursor::Saved;
use crate::dead_letter::{self, DeadLetter};
use crate::delivery::{Action, Change, Circuit, Courier, Policy};
use crate::event::Event;
use crate::filter::Filter;
use crate::queue::Queue;
use crate::sink::{Delivery, Limits};
use crate::testing::{FILE, event_id};

/// More steps than any run needs.
const STEPS: usize = 5_000;

pub(super) struct Machine<'a> {
    plan: &'a Plan,
    /// Each row with its place in the journal, and the end of it.
    pub(super) rows: Vec<(u64, String, Row)>,
    end: u64,
    pub(super) receiver: Receiver,
    answers: std::slice::Iter<'a, Answer>,
    crashes: std::slice::Iter<'a, usize>,
    /// Steps until the next crash.
    until_crash: Option<usize>,
    pub(super) disk: Disk,
    memory: Memory,
    pub(super) batches: usize,
}

/// What a crash leaves.
pub(super) struct Disk {
    pub(super) saved: Saved,
    pub(super) dead_letters: Vec<u8>,
}

/// What a crash takes.
struct Memory {
    saved: Saved,
    courier: Courier,
    queue: Queue,
    /// Failures in a row, and whether they were too many: what the circuit ought to be.
    failures: u32,
    is_open: bool,
}

impl Memory {
    fn new(disk: &Disk) -> Self {
        Self {
            saved: disk.saved.clone(),
            courier: Courier::new(Policy::default()),
            queue: Queue::default(),
            failures: 0,
            is_open: false,
        }
    }
}

/// The machine stopped in the middle of something.
struct Crash;

impl<'a> Machine<'a> {
    pub(super) fn new(plan: &'a Plan) -> Self {
        let mut end = 0;
        let mut rows = Vec::new();
        for (number, row) in plan.rows.iter().enumerate() {
            let text = match row {
                Row::Wanted => format!(r#"{{"n":{number},"verdict":"OPEN"}}"#),
                Row::LeftOut => format!(r#"{{"n":{number},"verdict":"PASS"}}"#),
                Row::Odd => format!("[{number}]"),
                Row::Corrupt => format!("{{{number}"),
            };
            let length = text.len() as u64 + 1;
            rows.push((end, text, *row));
            end += length;
        }
        let disk =
            Disk { saved: Saved::at(Cursor { file: FILE, offset: 0 }), dead_letters: Vec::new() };
        let mut crashes = plan.crashes.iter();
        Self {
            plan,
            rows,
            end,
            receiver: Receiver::default(),
            answers: plan.answers.iter(),
            until_crash: crashes.next().copied(),
            crashes,
            memory: Memory::new(&disk),
            disk,
            batches: 0,
        }
    }

    /// Runs to the end of the journal, over every crash.
    pub(super) fn run(&mut self) {
        for _ in 0..STEPS {
            match self.work() {
                Ok(true) => {}
                Ok(false) => return,
                Err(Crash) => {
                    self.until_crash = self.crashes.next().copied();
                    self.memory = Memory::new(&self.disk);
                }
            }
            self.check_disk();
        }
        panic!("it does not come to an end");
    }

    /// One thing after the other; false at the end of the journal.
    fn work(&mut self) -> Result<bool, Crash> {
        if self.memory.saved.disabled.is_some() {
            assert_eq!(self.memory.saved.disabled, self.disk.saved.disabled, "over crashes too");
            // Somebody resumes it.
            self.memory.saved.disabled = None;
            self.save()?;
        } else if !self.memory.queue.is_empty() {
            self.send()?;
        } else {
            let page = self.page();
            let next = page.next;
            if next == self.memory.saved.cursor {
                return Ok(false);
            }
            let filter = Filter { min_severity: Severity::Warn, syscalls: None };
            self.memory.queue.load(page, &filter);
            if self.memory.queue.is_empty() {
                self.memory.saved.advance(next, None);
                self.save()?;
            }
        }
        Ok(true)
    }

    /// What the journal gives at the cursor.
    fn page(&self) -> Page {
        let from = self.memory.saved.cursor.offset;
        let lines: Vec<_> = self
            .rows
            .iter()
            .filter(|(offset, ..)| *offset >= from)
            .take(self.plan.page_rows)
            .collect();
        let offset = lines.last().map_or(from, |(offset, text, _)| offset + text.len() as u64 + 1);
        let corrupt = lines.iter().filter(|(.., row)| *row == Row::Corrupt).count() as u64;
        let rows = lines
            .iter()
            .filter(|(.., row)| *row != Row::Corrupt)
            .map(|(offset, text, _)| (event_id(*offset), text.clone()))
            .collect();
        let next = Cursor { file: FILE, offset };
        Page { rows, corrupt, next, behind_bytes: self.end - offset, rewritten: false }
    }

    fn send(&mut self) -> Result<(), Crash> {
        assert_eq!(self.disk.saved.disabled, None, "nothing is sent while it is disabled");
        let limits = Limits { events: self.plan.batch_events, ..Limits::default() };
        let window = self.memory.courier.window(limits.events);
        let batch = self.memory.queue.batch(&limits, window);
        for event in batch {
            let (_, text, _) = self.rows.iter().find(|row| row.0 == event.id().offset()).unwrap();
            assert_eq!(event.row(), text, "an id means the same row on every try");
        }
        let ids: Vec<String> = batch.iter().map(|event: &Event| event.id().to_string()).collect();
        let answer = self.answers.next().unwrap_or(&Answer::Accept);
        let delivery = self.receiver.answer(answer, &ids);
        self.batches += 1;
        // The receiver knows more than the exporter now.
        self.tick()?;
        self.expect(&delivery, ids.len());
        let was_open = matches!(self.memory.courier.circuit(), Circuit::Open { .. });
        let actions = self.memory.courier.answered(delivery, ids.len(), 0, self.plan.jitter);
        self.check_circuit(was_open, &actions);
        for action in actions {
            self.perform(action)?;
        }
        Ok(())
    }

    fn perform(&mut self, action: Action) -> Result<(), Crash> {
        match action {
            Action::DeadLetter(refused) => {
                let lines = dead_letter::encode(self.memory.queue.waiting(), &refused, 0);
                self.append(&lines)
            }
            Action::MoveCursor(events) => {
                let Some((event, after)) = self.memory.queue.settle(events) else { return Ok(()) };
                self.memory.saved.advance(after, Some(event));
                self.save()
            }
            Action::Disable(reason) => {
                self.memory.saved.disabled = Some(reason);
                self.save()
            }
            Action::Announce(_) => Ok(()),
            Action::WaitFor(long) | Action::Probe(long) => {
                assert!(long <= Duration::from_mins(5), "{long:?}");
                Ok(())
            }
        }
    }

    /// Appends dead letters; a crash in the middle tears the last line.
    fn append(&mut self, lines: &[u8]) -> Result<(), Crash> {
        let disk = &mut self.disk.dead_letters;
        if disk.last().is_some_and(|last| *last != b'\n') {
            disk.push(b'\n');
        }
        let torn = self.until_crash == Some(0);
        disk.extend_from_slice(if torn { &lines[..lines.len() / 2] } else { lines });
        self.tick()
    }

    /// Replaces the cursor file, all or nothing, and maybe crashes before or behind it.
    fn save(&mut self) -> Result<(), Crash> {
        self.tick()?;
        self.disk.saved = self.memory.saved.clone();
        self.tick()
    }

    fn tick(&mut self) -> Result<(), Crash> {
        match &mut self.until_crash {
            None => Ok(()),
            Some(0) => Err(Crash),
            Some(steps) => {
                *steps -= 1;
                Ok(())
            }
        }
    }

    /// What an answer makes of the circuit: five failures in a row open it, and whatever is
    /// taken closes it.
    fn expect(&mut self, delivery: &Delivery, events: usize) {
        match delivery {
            Delivery::Accepted | Delivery::PartlyAccepted { .. } => {
                (self.memory.failures, self.memory.is_open) = (0, false);
            }
            Delivery::Stopped { taken, next } => {
                if *taken > 0 {
                    (self.memory.failures, self.memory.is_open) = (0, false);
                }
                self.expect(next, 1);
            }
            // A batch that is halved is no failure yet.
            Delivery::Refused { .. } if events > 1 => {}
            Delivery::Refused { .. } | Delivery::Retry { .. } => {
                self.memory.failures += 1;
                self.memory.is_open |= self.memory.failures >= 5;
            }
            Delivery::Throttled { .. } | Delivery::Disabled { .. } => {}
        }
    }

    fn check_circuit(&self, was_open: bool, actions: &[Action]) {
        let is_open = self.memory.is_open;
        let circuit = self.memory.courier.circuit();
        assert_eq!(matches!(circuit, Circuit::Open { .. }), is_open, "{actions:?}");
        let announced = |wanted: fn(&Change) -> bool| {
            actions.iter().any(|it| matches!(it, Action::Announce(change) if wanted(change)))
        };
        let opened = announced(|change| matches!(change, Change::Opened { .. }));
        let closed = announced(|change| matches!(change, Change::Closed { .. }));
        assert_eq!((opened, closed), (is_open && !was_open, was_open && !is_open), "{actions:?}");
        let probes = actions.iter().filter(|it| matches!(it, Action::Probe(_))).count();
        assert!(probes == 0 || is_open, "only an open circuit is probed: {actions:?}");
    }

    /// Whatever the cursor has passed was taken, or is a dead letter on disk.
    fn check_disk(&self) {
        let dead = self.dead_letters();
        for (offset, _, row) in &self.rows {
            if *row != Row::Wanted || *offset >= self.disk.saved.cursor.offset {
                continue;
            }
            let id = event_id(*offset).to_string();
            let is_dead = dead.iter().any(|letter| letter.event_id == id);
            assert!(is_dead || self.receiver.taken.contains(&id), "the cursor passed {id}");
        }
    }

    /// The dead letters that are whole.
    pub(super) fn dead_letters(&self) -> Vec<DeadLetter> {
        let lines = std::str::from_utf8(&self.disk.dead_letters).unwrap().lines();
        lines.filter_map(|line| DeadLetter::parse(line).ok()).collect()
    }
}
