//! Doing what a worker's life asks for. It decides nothing about it.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use actix_rt::task::JoinHandle;
use dosd_kernel::restart::Excuse;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};
use tracing::{info, warn};

use super::capture::capture;
use super::living::Stopping;
use super::message::{ProcessEvent, Run, RunEnd};
use super::rows;
use super::shared::Shared;
use super::start_commit::start_commit;
use super::worker::{Action, Answer, End, Event, Group, Look};
use crate::exec::{ExitRecord, exit_record_path};
use crate::port::{Exit, Found, GroupMember, Launched, ProcessIdentity, Signal};
use crate::witness::{EndRun, RunAccount, TakeBaseline};

/// A record is there a moment after the end that it tells of: it is looked for
/// after so long, then after twice as long each time.
const RECORD_AT_FIRST: Duration = Duration::from_millis(1);

/// When a record is given up: the helper was killed, or there was none.
const RECORD_AT_MOST: Duration = Duration::from_secs(1);

/// How long the last output of a worker is waited for when the daemon stops.
const OUTPUT_AT_MOST: Duration = Duration::from_secs(1);

/// How long the surfaces may take to be read once more for a run that is over.
const UNCLAIMED_AT_MOST: Duration = Duration::from_mins(1);

/// The same when the daemon stops.
const UNCLAIMED_AT_THE_END: Duration = Duration::from_secs(5);

/// How much longer the witness may take to answer.
const ANSWER_AT_MOST: Duration = Duration::from_secs(1);

/// How long a killed group may take to vanish before its members are reported, and
/// a recorded end to reach the disk.
pub(super) const AFTER_KILL: Duration = Duration::from_secs(5);

/// Performs the actions of one run.
pub(super) struct Performer {
    shared: Rc<Shared>,
    run: Run,
    hand: RefCell<Hand>,
}

/// What is kept of a process beside its identity.
struct Hand {
    /// From its start, or its finding, until it is watched.
    launched: Option<Launched>,
    /// The command that it was started with by this daemon.
    argv: Option<Vec<String>>,
    /// The workspace's commit before it was started by this daemon.
    start_sha: Option<String>,
    /// The copying of its output, when no helper does it.
    captured: Option<JoinHandle<()>>,
    /// Those who wait for it to be stopped. They go with the actor.
    waiting: Vec<oneshot::Sender<Stopping>>,
}

impl Performer {
    pub(super) fn new(shared: Rc<Shared>, run: Run, found: Option<Launched>) -> Self {
        let hand = Hand {
            launched: found,
            argv: None,
            start_sha: None,
            captured: None,
            waiting: Vec::new(),
        };
        Self { shared, run, hand: RefCell::new(hand) }
    }

    pub(super) fn run(&self) -> &Run {
        &self.run
    }

    /// Somebody waits for the run to be stopped.
    pub(super) fn let_wait(&self, waiting: oneshot::Sender<Stopping>) {
        self.hand.borrow_mut().waiting.push(waiting);
    }

    /// Performs one action. What comes of it is an event for the run.
    pub(super) async fn perform(&self, action: Action) {
        let event = match action {
            Action::TakeBaseline => self.take_baseline().await,
            Action::Launch => self.launch().await,
            Action::WatchLeader(process) => self.watch_leader(process).await,
            Action::LookForWorker => self.look_for_worker().await,
            Action::LookAtGroup { process, after, how, look } => {
                if !after.is_zero() {
                    sleep(after).await;
                }
                let group = self.look_at(&process, how);
                Event::GroupSeen { process, look, group }
            }
            Action::AwaitTerm => {
                sleep(self.shared.terms.of(&self.run).stop_timeout).await;
                Event::TermTimedOut
            }
            Action::AwaitKill => {
                sleep(AFTER_KILL).await;
                Event::KillTimedOut
            }
            Action::LearnEnd => Event::EndLearnt(self.learn_end().await),
            Action::TellSupervisor(end) => {
                self.tell_end(end).await;
                Event::EndTold
            }
            Action::RecordStart(process) => return self.record_start(&process).await,
            Action::SayWhoIsLeft(members) => return self.say_who_is_left(&members),
            Action::Signal(process, signal) => return self.signal(&process, signal),
            Action::RecordEnd(end) => return self.record_end(&end).await,
            Action::TellVerdict(end) => return self.tell_verdict(&end).await,
            Action::CleanUp => return self.clean_up(),
            Action::AnswerStop(answer) => return self.answer(&answer),
            Action::Leave => return self.leave(),
        };
        self.shared.living.post(&self.run.run_id, event);
    }

    /// Before the process exists: what it changes must not be in the baseline.
    async fn take_baseline(&self) -> Event {
        let take = TakeBaseline {
            run_id: self.run.run_id.clone(),
            root_id: self.run.root_id().map(str::to_owned),
            lane: self.run.lane.clone(),
        };
        if let Err(gone) = self.shared.baseline.ask(take).await {
            let lane = &self.run.lane;
            warn!(lane, "no baseline for this run, its claims stay unwitnessed: {gone}");
        }
        let start_sha = start_commit(&*self.shared.repository, &self.run.lane).await;
        self.hand.borrow_mut().start_sha = start_sha;
        Event::BaselineTaken
    }

    async fn launch(&self) -> Event {
        let spec = self.shared.settings.spec(&self.run, self.shared.terms.of(&self.run));
        match self.shared.launcher.launch(&spec).await {
            Ok(launched) => {
                let process = launched.identity.clone();
                let mut hand = self.hand.borrow_mut();
                hand.launched = Some(launched);
                hand.argv = Some(spec.argv);
                Event::Launched { process, began_ms: self.shared.clock.monotonic_ms() }
            }
            Err(failed) => Event::LaunchFailed(failed.to_string()),
        }
    }

    async fn record_start(&self, process: &ProcessIdentity) {
        let (shared, run) = (&self.shared, &self.run);
        let (argv, start_sha) = {
            let mut hand = self.hand.borrow_mut();
            // Of one that was found, nobody knows any more where the workspace stood.
            (hand.argv.take(), hand.start_sha.take())
        };
        let argv = argv.unwrap_or_else(|| shared.terms.of(run).argv);
        let host_id = &shared.settings.host_id;
        shared.append_lanes(vec![rows::started(run, process, argv, host_id, start_sha)]).await;
        shared.tell_verdict(rows::started_verdict(run, process.pid)).await;
        info!(lane = run.lane, run = run.run_id, pid = process.pid, "worker started");
        let started = ProcessEvent::Started { run_id: run.run_id.clone(), pid: process.pid };
        shared.tell(started).await;
    }

    async fn watch_leader(&self, process: ProcessIdentity) -> Event {
        let launched = self.hand.borrow_mut().launched.take();
        let exit = match launched {
            Some(launched) => {
                if let Some(output) = launched.output {
                    let path = self.shared.settings.log_path(&self.run);
                    let rotation = self.shared.terms.of(&self.run).rotation;
                    let captured = capture(output, self.shared.storage.clone(), path, rotation);
                    self.hand.borrow_mut().captured = Some(actix_rt::spawn(captured));
                }
                launched.exited.await
            }
            None => Exit::default(),
        };
        Event::LeaderExited { process, exit, at_ms: self.shared.clock.monotonic_ms() }
    }

    async fn look_for_worker(&self) -> Event {
        let (shared, run) = (&self.shared, &self.run);
        sleep(shared.launcher.look_interval()).await;
        let run_ids = BTreeSet::from([run.run_id.clone()]);
        match shared.launcher.find(&run_ids).remove(&run.run_id) {
            Some(Found::Process(process)) => match shared.launcher.adopt(&process) {
                Some(launched) => {
                    self.hand.borrow_mut().launched = Some(launched);
                    let began_ms = shared.began_ms(&process);
                    Event::Found { process, began_ms }
                }
                // It has ended in this moment.
                None => Event::HelperFound { has_record: false },
            },
            Some(Found::Helper) => {
                // With a record its worker has ended, and somebody else still writes to
                // the log.
                let path = exit_record_path(&shared.settings.run_directory(run));
                let has_record = shared.storage.stat(&path).is_ok_and(|it| it.is_some());
                Event::HelperFound { has_record }
            }
            None => Event::NobodyFound,
        }
    }

    fn look_at(&self, process: &ProcessIdentity, how: Look) -> Group {
        let launcher = &self.shared.launcher;
        if launcher.group_is_gone(process) {
            return Group::Empty;
        }
        match how {
            Look::Glance => Group::Present,
            Look::Closely => {
                let members = launcher.group_members(process.pgid);
                if members.is_empty() { Group::Empty } else { Group::Members(members) }
            }
        }
    }

    fn say_who_is_left(&self, members: &[GroupMember]) {
        warn!(
            lane = self.run.lane,
            run = self.run.run_id,
            "worker ended, but its group has members, so the run is not over: {}",
            named(members)
        );
    }

    fn signal(&self, process: &ProcessIdentity, signal: Signal) {
        let lane = &self.run.lane;
        let pgid = process.pgid;
        // The notice of its end may be on its way.
        if self.shared.launcher.group_is_gone(process) {
            return;
        }
        if signal == Signal::Kill {
            warn!(lane, run = self.run.run_id, "worker ignores TERM, sending KILL");
        }
        if let Err(error) = self.shared.launcher.signal_group(pgid, signal) {
            warn!(lane, pgid, "the group could not be signalled: {error}");
        }
    }

    /// How a process ended, from its helper's record.
    async fn learn_end(&self) -> Option<ExitRecord> {
        let path = exit_record_path(&self.shared.settings.run_directory(&self.run));
        let record = async {
            let mut pause = RECORD_AT_FIRST;
            loop {
                let bytes = self.shared.storage.read(&path).unwrap_or_default();
                if let Some(record) = ExitRecord::from_bytes(&bytes) {
                    return record;
                }
                sleep(pause).await;
                pause *= 2;
            }
        };
        timeout(RECORD_AT_MOST, record).await.ok()
    }

    async fn record_end(&self, end: &End) {
        let (shared, run) = (&self.shared, &self.run);
        let captured = self.hand.borrow_mut().captured.take();
        if let Some(captured) = captured
            && shared.living.is_stopping()
        {
            // Whoever left the group may hold the pipe for ever.
            let _ = timeout(OUTPUT_AT_MOST, captured).await;
        }
        self.say_how_it_ended(end);
        let exited = rows::exited(run, end);
        if run.leased {
            shared.record_end(exited, rows::release(run, &shared.settings.host_id)).await;
        } else {
            shared.append_lanes(vec![exited]).await;
        }
        shared.living.recorded(&run.run_id);
    }

    fn say_how_it_ended(&self, end: &End) {
        let (lane, run, ran_ms) = (&self.run.lane, &self.run.run_id, end.ran_ms);
        match (&end.failure, end.exit.signal, end.exit.code) {
            (None, _, _) if self.shared.living.is_stopping() => {
                info!(lane, run, ran_ms, "worker ended");
            }
            (None, _, _) if end.excused == Some(Excuse::Halted) => {
                info!(lane, run, ran_ms, "worker ended on an operator's order");
            }
            (Some(failure), _, _) => warn!(lane, run, "{failure}"),
            (None, Some(signal), _) => warn!(lane, run, signal, ran_ms, "worker was killed"),
            (None, None, Some(0)) => info!(lane, run, ran_ms, "worker finished"),
            (None, None, Some(code)) => warn!(lane, run, code, ran_ms, "worker failed"),
            (None, None, None) => warn!(lane, run, "worker is gone; nobody saw its end"),
        }
    }

    async fn tell_verdict(&self, end: &End) {
        let (shared, run) = (&self.shared, &self.run);
        let strays = shared.launcher.strays().into_iter().filter(|it| it.run_id == run.run_id);
        let strays: Vec<GroupMember> = strays.map(|stray| stray.process).collect();
        if !strays.is_empty() {
            warn!(
                lane = run.lane,
                run = run.run_id,
                "processes that the worker left behind outside of its group go on: {}",
                named(&strays)
            );
        }
        let account = self.account().await;
        shared.tell_verdict(rows::exited_verdict(run, end, strays.len(), account)).await;
    }

    /// The witness's account of the run; empty when the witness is being made again, or
    /// does not answer.
    async fn account(&self) -> RunAccount {
        let (shared, run_id) = (&self.shared, self.run.run_id.clone());
        let patience =
            if shared.living.is_stopping() { UNCLAIMED_AT_THE_END } else { UNCLAIMED_AT_MOST };
        let answer = shared.run_ended.ask(EndRun { run_id, patience });
        let answer = timeout(patience + ANSWER_AT_MOST, answer).await;
        answer.ok().and_then(Result::ok).unwrap_or_default()
    }

    fn clean_up(&self) {
        let (shared, run_id) = (&self.shared, &self.run.run_id);
        if let Err(error) = shared.storage.remove_dir_all(&shared.settings.run_directory(&self.run))
        {
            warn!(run = run_id, "the run's directory is left behind: {error}");
        }
    }

    async fn tell_end(&self, end: End) {
        let End { pid, exit, ran_ms, failure, excused } = end;
        let end = RunEnd { run: self.run.clone(), pid, exit, ran_ms, failure, excused };
        self.shared.tell(ProcessEvent::Ended(end)).await;
    }

    fn answer(&self, answer: &Answer) {
        let (lane, run) = (&self.run.lane, &self.run.run_id);
        let stopping = match answer {
            Answer::Outlived(process) => match self.look_at(process, Look::Closely) {
                Group::Members(members) => Stopping::Survived(members),
                Group::Empty | Group::Present => Stopping::Unproven,
            },
            Answer::Unproven => Stopping::Unproven,
        };
        if let Stopping::Survived(members) = &stopping {
            warn!(lane, run, "survived KILL: {}", named(members));
        } else {
            warn!(lane, run, "the end of this run is not recorded in time");
        }
        self.tell_waiting(&stopping);
    }

    fn leave(&self) {
        self.tell_waiting(&Stopping::Stopped);
        self.shared.terms.end(&self.run.run_id);
        self.shared.living.leave(&self.run.run_id);
    }

    fn tell_waiting(&self, stopping: &Stopping) {
        for waiting in self.hand.borrow_mut().waiting.drain(..) {
            // It may not want to know any more.
            let _ = waiting.send(stopping.clone());
        }
    }
}

/// Processes as a person reads them.
fn named(members: &[GroupMember]) -> String {
    let named: Vec<String> =
        members.iter().map(|it| format!("{} ({})", it.pid, it.command)).collect();
    named.join(", ")
}
