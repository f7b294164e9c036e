//! One lane of a machine: what really happened to its runs, what the journal was told,
//! and a daemon that knows only what it has heard.

use std::collections::VecDeque;
use std::time::Duration;

use fastrand::Rng;

use super::truth::{Check, Helper, Row, Truth, check, check_end, identity};
use crate::exec::ExitRecord;
use crate::port::{Exit, GroupMember, ProcessIdentity, Signal};
use crate::spawn::worker::{Action, Event, Group, Look, Worker};

/// What one daemon has in hand.
struct InHand {
    worker: Worker,
    /// Actions of each step that are still to be performed.
    batches: Vec<VecDeque<Action>>,
    errands: Vec<Action>,
    heard: Vec<Event>,
    /// Those who want it stopped and have no answer.
    waiting: usize,
    was_told_empty: bool,
}

pub(super) struct World {
    pub(super) random: Rng,
    /// Real time.
    now_ms: i64,
    /// When the daemon's monotonic clock showed zero.
    origin_ms: i64,
    runs: Vec<Truth>,
    hand: Option<InHand>,
    is_peaceful: bool,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let random = Rng::with_seed(seed);
        Self {
            random,
            now_ms: 1_000_000,
            origin_ms: 990_000,
            runs: Vec::new(),
            hand: None,
            is_peaceful: false,
        }
    }

    /// Something happens.
    pub(super) fn happen(&mut self) -> Check {
        match self.random.u8(0..100) {
            0..10 => self.start()?,
            10..35 => self.perform()?,
            35..60 => self.come_back()?,
            60..68 => self.leader_exits(),
            68..72 => self.bear_child(),
            72..80 => self.child_ends(),
            80..86 => self.helper_works(),
            86..87 => self.helper_is_killed(),
            87..90 => self.ask_to_stop()?,
            90..92 => self.restart_daemon()?,
            92..97 => self.hear_late()?,
            _ => self.now_ms += self.random.i64(0..5_000),
        }
        self.is_not_stuck()
    }

    /// The world lets every run come to its end.
    pub(super) fn make_peace(&mut self) -> Check {
        self.is_peaceful = true;
        if let Some(truth) = self.runs.last_mut() {
            truth.is_stuck = false;
        }
        for _ in 0..5_000 {
            if self.hand.is_none() {
                return self.all_have_ended();
            }
            match self.random.u8(0..6) {
                0..2 => self.perform()?,
                2..4 => self.come_back()?,
                4 => self.leader_exits(),
                _ => {
                    self.child_ends();
                    self.helper_works();
                }
            }
            self.is_not_stuck()?;
        }
        Err("the run does not come to its end".to_owned())
    }

    fn all_have_ended(&self) -> Check {
        for (at, truth) in self.runs.iter().enumerate() {
            check(truth.exits() == 1, || format!("run {at} ended {} times", truth.exits()))?;
            check(truth.rows.last() == Some(&Row::Release), || "RELEASE is not last".to_owned())?;
        }
        Ok(())
    }

    fn is_not_stuck(&self) -> Check {
        let Some(hand) = &self.hand else { return Ok(()) };
        let goes_on = !hand.batches.is_empty() || !hand.errands.is_empty();
        check(goes_on, || format!("nothing will ever happen again: {:?}", hand.worker))?;
        let is_over = |it: &Action| matches!(it, Action::Leave | Action::AnswerStop(_));
        let is_timed = |it: &Action| matches!(it, Action::AwaitTerm | Action::AwaitKill);
        let mut to_come = hand.batches.iter().flatten().chain(&hand.errands);
        let is_answered = hand.waiting == 0 || to_come.any(|it| is_over(it) || is_timed(it));
        check(is_answered, || format!("a stop is never answered: {:?}", hand.worker))
    }

    fn truth(&mut self) -> Option<&mut Truth> {
        self.runs.last_mut()
    }

    fn monotonic_ms(&self) -> i64 {
        self.now_ms - self.origin_ms
    }

    /// A new run, once the lane is free.
    fn start(&mut self) -> Check {
        if self.hand.is_some() {
            return Ok(());
        }
        let (ignores_term, is_stuck) = (self.random.u8(0..3) == 0, self.random.u8(0..8) == 0);
        self.runs.push(Truth::new(ignores_term, is_stuck));
        self.take_in_hand(None);
        self.hear(Event::Ordered)
    }

    fn take_in_hand(&mut self, pid: Option<u32>) {
        self.hand = Some(InHand {
            worker: Worker::new(pid, Duration::from_millis(10)),
            batches: Vec::new(),
            errands: Vec::new(),
            heard: Vec::new(),
            waiting: 0,
            was_told_empty: false,
        });
    }

    /// The daemon is killed, and the next one reads the journal.
    fn restart_daemon(&mut self) -> Check {
        self.hand = None;
        self.now_ms += self.random.i64(0..20_000);
        self.origin_ms = self.now_ms;
        let Some(truth) = self.runs.last().filter(|truth| truth.exits() == 0) else {
            return Ok(());
        };
        let known = truth.rows.iter().find_map(|row| match row {
            Row::Started(pid) => Some(*pid),
            Row::Exited(_) | Row::Release => None,
        });
        let found = self.found();
        self.take_in_hand(known);
        self.hear(found)
    }

    /// What a look over the machine finds of the newest run.
    fn found(&self) -> Event {
        let began_ms = |truth: &Truth| truth.began_ms - self.origin_ms;
        match self.runs.last() {
            Some(truth) if truth.leader_lives() => Event::Found {
                process: truth.process.clone().unwrap_or_else(|| identity(0)),
                began_ms: began_ms(truth),
            },
            // One of its children is what is found then.
            Some(truth) if truth.children > 0 => Event::Found {
                process: ProcessIdentity {
                    pid: 9,
                    ..truth.process.clone().unwrap_or_else(|| identity(0))
                },
                began_ms: began_ms(truth),
            },
            Some(Truth { helper: Helper::Starting | Helper::Minding, record, .. }) => {
                Event::HelperFound { has_record: record.is_some() }
            }
            Some(_) | None => Event::NobodyFound,
        }
    }

    fn hear(&mut self, event: Event) -> Check {
        let Some(hand) = &mut self.hand else { return Ok(()) };
        hand.was_told_empty |= matches!(event, Event::GroupSeen { group: Group::Empty, .. });
        hand.heard.push(event.clone());
        let actions = hand.worker.step(event);
        let signals = actions.iter().any(|it| matches!(it, Action::Signal(..)));
        let is_gone = hand.was_told_empty;
        if !actions.is_empty() {
            hand.batches.push(actions.into());
        }
        check(!(signals && is_gone), || "a group that is known to be empty is signalled".to_owned())
    }

    /// News that is old, or about somebody else.
    fn hear_late(&mut self) -> Check {
        let Some(hand) = &mut self.hand else { return Ok(()) };
        let stranger = ProcessIdentity { start_ticks: 1, ..identity(self.runs.len()) };
        let own = identity(self.runs.len());
        let late = match self.random.u8(0..4) {
            0 => Event::LeaderExited { process: stranger, exit: Exit::default(), at_ms: 0 },
            1 => Event::GroupSeen { process: stranger, look: 0, group: Group::Empty },
            2 => Event::GroupSeen { process: own, look: 0, group: Group::Present },
            _ => {
                let again = hand.heard.iter().filter(|event| is_told_once(event));
                let again: Vec<_> = again.cloned().collect();
                let Some(event) = self.random.choice(again) else { return Ok(()) };
                event
            }
        };
        let before = hand.worker.clone();
        let actions = hand.worker.step(late.clone());
        check(actions.is_empty() && hand.worker == before, || {
            format!("late news {late:?} led to {actions:?} and {:?}", hand.worker)
        })
    }

    fn ask_to_stop(&mut self) -> Check {
        let Some(hand) = &mut self.hand else { return Ok(()) };
        hand.waiting += 1;
        self.hear(Event::StopAsked)
    }

    /// Performs the next action of some step.
    fn perform(&mut self) -> Check {
        let Some(hand) = &mut self.hand else { return Ok(()) };
        if hand.batches.is_empty() {
            return Ok(());
        }
        let at = self.random.usize(0..hand.batches.len());
        let action = hand.batches.get_mut(at).and_then(VecDeque::pop_front);
        if hand.batches.get(at).is_some_and(VecDeque::is_empty) {
            hand.batches.swap_remove(at);
        }
        let Some(action) = action else { return Ok(()) };
        if action.is_errand() {
            hand.errands.push(action);
            return Ok(());
        }
        self.perform_now(action)
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the others are errands")]
    fn perform_now(&mut self, action: Action) -> Check {
        let run = self.runs.len();
        let (now_ms, is_peaceful) = (self.now_ms, self.is_peaceful);
        let (Some(hand), Some(truth)) = (&mut self.hand, self.runs.last_mut()) else {
            return Ok(());
        };
        match action {
            Action::RecordStart(process) => {
                check(truth.rows.is_empty(), || format!("{:?} before a start", truth.rows))?;
                truth.rows.push(Row::Started(process.pid));
            }
            Action::Signal(process, signal) => {
                if truth.is_empty() {
                    // Whoever performs it looks first.
                    return Ok(());
                }
                check(process.pgid == identity(run).pgid, || format!("{process:?} is signalled"))?;
                let is_deadly = signal == Signal::Kill || !truth.ignores_term;
                if is_deadly && (is_peaceful || !truth.is_stuck) && truth.leader_lives() {
                    truth.ended_ms = Some(now_ms);
                    truth.exit = Exit { code: None, signal: Some(9) };
                }
                if is_deadly && !truth.is_stuck {
                    truth.children = 0;
                }
            }
            Action::RecordEnd(end) => {
                check(truth.exits() == 0, || "a run ends twice".to_owned())?;
                check(truth.is_empty(), || "a run is over and its group is not empty".to_owned())?;
                check_end(truth, &end, &hand.heard)?;
                truth.rows.extend([Row::Exited(end), Row::Release]);
            }
            Action::TellVerdict(_) | Action::CleanUp => {
                check(truth.exits() == 1, || "told before it is on disk".to_owned())?;
            }
            Action::TellSupervisor(_) => {
                check(truth.exits() == 1, || "told before it is on disk".to_owned())?;
                self.hear(Event::EndTold)?;
            }
            Action::AnswerStop(_) => hand.waiting = 0,
            Action::Leave => {
                check(truth.exits() == 1, || "left before it is on disk".to_owned())?;
                // Whoever waits hears of it now.
                self.hand = None;
            }
            Action::SayWhoIsLeft(members) => {
                check(!members.is_empty(), || "nobody is said to be left".to_owned())?;
            }
            errand => unreachable!("{errand:?} takes time"),
        }
        Ok(())
    }

    /// Some errand comes to its end, if the world lets it.
    fn come_back(&mut self) -> Check {
        let Some(hand) = &mut self.hand else { return Ok(()) };
        if hand.errands.is_empty() {
            return Ok(());
        }
        let at = self.random.usize(0..hand.errands.len());
        let errand = hand.errands.swap_remove(at);
        if let Some(event) = self.outcome(&errand) {
            return self.hear(event);
        }
        self.hand.iter_mut().for_each(|hand| hand.errands.push(errand.clone()));
        Ok(())
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "no other action is an errand")]
    fn outcome(&mut self, errand: &Action) -> Option<Event> {
        let now_ms = self.monotonic_ms();
        let found = self.found();
        let is_refused = self.random.u8(0..6) == 0;
        let run = self.runs.len();
        let truth = self.runs.last_mut()?;
        match errand {
            Action::TakeBaseline => Some(Event::BaselineTaken),
            Action::Launch if !truth.is_begun() && is_refused => {
                truth.helper = Helper::Gone;
                Some(Event::LaunchFailed("no such program".to_owned()))
            }
            Action::Launch if !truth.is_begun() => {
                // The daemon may be killed before it hears what comes of it.
                truth.helper = Helper::Starting;
                None
            }
            Action::Launch => {
                let process = truth.process.clone()?;
                let began_ms = truth.began_ms - self.origin_ms;
                (process == identity(run)).then_some(Event::Launched { process, began_ms })
            }
            Action::WatchLeader(process) => {
                let is_child = truth.process.as_ref() != Some(process);
                let has_ended = if is_child { truth.children == 0 } else { !truth.leader_lives() };
                let process = process.clone();
                let exit = Exit::default();
                has_ended.then_some(Event::LeaderExited { process, exit, at_ms: now_ms })
            }
            Action::LookForWorker => Some(found),
            Action::LookAtGroup { process, how, look, .. } => {
                let members = || vec![GroupMember { pid: 1, command: "fake".to_owned() }];
                let group = match how {
                    _ if truth.is_empty() => Group::Empty,
                    Look::Glance => Group::Present,
                    Look::Closely => Group::Members(members()),
                };
                Some(Event::GroupSeen { process: process.clone(), look: *look, group })
            }
            Action::AwaitTerm => Some(Event::TermTimedOut),
            Action::AwaitKill => Some(Event::KillTimedOut),
            Action::LearnEnd => match truth.record {
                None if truth.helper == Helper::Minding => None,
                record => Some(Event::EndLearnt(record)),
            },
            _ => None,
        }
    }

    fn leader_exits(&mut self) {
        let (now_ms, code) = (self.now_ms, self.random.i32(0..2));
        if let Some(truth) = self.truth().filter(|truth| truth.leader_lives()) {
            truth.ended_ms = Some(now_ms);
            truth.exit = Exit { code: Some(code), signal: None };
        }
    }

    fn bear_child(&mut self) {
        if let Some(truth) = self.truth().filter(|truth| !truth.is_empty()) {
            truth.children += 1;
        }
    }

    fn child_ends(&mut self) {
        if let Some(truth) = self.truth() {
            truth.children = truth.children.saturating_sub(1);
        }
    }

    /// The helper starts the worker, or writes down how it ended.
    fn helper_works(&mut self) {
        let (now_ms, run) = (self.now_ms, self.runs.len());
        let Some(truth) = self.truth() else { return };
        match truth.helper {
            Helper::Starting => {
                truth.helper = Helper::Minding;
                truth.process = Some(identity(run));
                truth.began_ms = now_ms;
            }
            Helper::Minding if let Some(ended_ms) = truth.ended_ms => {
                let Exit { code, signal } = truth.exit;
                let ran_ms = ended_ms - truth.began_ms;
                truth.record = Some(ExitRecord { code, signal, ran_ms });
                truth.helper = Helper::Gone;
            }
            Helper::NotYet | Helper::Minding | Helper::Gone => {}
        }
    }

    fn helper_is_killed(&mut self) {
        if let Some(truth) = self.truth().filter(|truth| truth.helper == Helper::Minding) {
            truth.helper = Helper::Gone;
        }
    }
}

/// Whether an event that is told again is certainly late.
fn is_told_once(event: &Event) -> bool {
    !matches!(
        event,
        Event::StopAsked | Event::TermTimedOut | Event::KillTimedOut | Event::HelperFound { .. }
    )
}
