//! One drain after the other: read what waits, hand it over batch by batch, and keep the place behind
//! each batch that was taken.

use super::super::Failure;
use super::source::{self, Page, Placed};
use super::target::Target;
use crate::workspace::Workspace;
use dosd_actors::journal::Cursor;
use dosd_actors::port::{Clock, Disk, SharedStorage, SystemClock};
use dosd_exporters::cursor::{CursorFile, Loaded, Saved};
use dosd_exporters::dead_letter::DeadLetterFile;
use dosd_exporters::{Delivery, Event, PAGE_ROWS, Refusal, Sink, Unhealthy, send_once};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::runtime::{Handle, Runtime};

/// Where the first drain begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Begin {
    /// At the place that was kept.
    pub(super) auto: bool,
    /// Behind this number; 0 is no number.
    pub(super) since_seq: i64,
    /// With the last so many rows; 0 is all.
    pub(super) tail: usize,
}

/// What a drain did.
#[derive(Debug)]
pub(super) struct Drained {
    /// Events that waited.
    pub(super) waiting: usize,
    /// Events that the destination took.
    pub(super) exported: usize,
    /// What happened, for people.
    pub(super) detail: String,
    /// The highest number of what was looked at or taken; empty without one.
    pub(super) cursor: String,
    /// The number that it began behind.
    pub(super) since: i64,
    /// Whether a destination was there and did not take what waited.
    pub(super) is_refused: bool,
}

/// What a drain works with, and how far it is. It knows no kind of sink.
pub(super) struct Means {
    way: Way,
    journal: PathBuf,
    workspace: Workspace,
    cursor_file: CursorFile,
    dead_letters: DeadLetterFile,
    runtime: Runtime,
    clock: SystemClock,
    persist: bool,
    dry_run: bool,
    /// What is settled: the next drain begins there.
    place: Option<Cursor>,
    /// The last event that was sent.
    event_id: Option<String>,
    /// The highest number before that place.
    since: i64,
    /// Of the first drain: numbers up to this are left out, and all but the last rows.
    first: Option<(i64, usize)>,
}

/// What is done with what waits.
enum Way {
    /// It is counted, and nobody asked for more.
    Count,
    /// It is counted, because there is no destination; what to do about that.
    Nameless(String),
    /// It is counted, as if it went there.
    DryRun(String),
    /// It is sent.
    Send,
}

impl Means {
    /// Nothing is read and nothing is sent yet. The place is kept under the destination's name.
    ///
    /// # Errors
    ///
    /// When the system gives no timer.
    pub(super) fn new(
        target: &Target,
        name: &str,
        journal: PathBuf,
        workspace: Workspace,
        persist: bool,
        dry_run: bool,
    ) -> Result<Self, Failure> {
        let storage: SharedStorage = Arc::new(Disk);
        let way = match target {
            Target::Null => Way::Count,
            Target::Nameless(missing) => Way::Nameless(missing.clone()),
            Target::Sink(_, place) if dry_run => Way::DryRun(place.clone()),
            Target::Sink(..) => Way::Send,
        };
        Ok(Self {
            way,
            cursor_file: CursorFile::new(Arc::clone(&storage), &workspace.drains_dir(), name),
            dead_letters: DeadLetterFile::new(storage, &workspace.drains_dir(), name),
            journal,
            workspace,
            runtime: super::super::online()?,
            clock: SystemClock::new(),
            persist,
            dry_run,
            place: None,
            event_id: None,
            since: 0,
            first: None,
        })
    }

    /// Where connections of a sink live.
    pub(super) fn runtime(&self) -> Handle {
        self.runtime.handle().clone()
    }

    fn is_real(&self) -> bool {
        !matches!(self.way, Way::Count)
    }

    /// Whether what is not taken was to be: a dry run takes nothing.
    fn is_asked_to_send(&self) -> bool {
        !self.dry_run && !matches!(self.way, Way::Count)
    }
}

/// A drain of one journal into one sink.
pub(super) struct Drain<S> {
    means: Means,
    sink: S,
}

impl<S: Sink> Drain<S> {
    /// A drain that has done nothing yet.
    pub(super) fn new(means: Means, sink: S) -> Self {
        Self { means, sink }
    }

    /// Finds the place to begin at, and tells what somebody should know about it.
    ///
    /// # Errors
    ///
    /// When the place that was kept cannot be looked at; an unreadable one is put aside instead.
    pub(super) fn begin(
        &mut self,
        begin: &Begin,
        tell: impl FnOnce(String),
    ) -> Result<(), Failure> {
        self.means.begin(begin, tell)
    }

    /// Hands over what waits.
    ///
    /// # Errors
    ///
    /// When the journal cannot be read, or the place cannot be kept. What the destination does not
    /// take is no error: it waits for the next drain.
    pub(super) fn drain(&mut self, tell: impl FnOnce(String)) -> Result<Drained, Failure> {
        let means = &mut self.means;
        let Page { mut events, rows, end, rewritten } = source::read(&means.journal, means.place)?;
        if rewritten {
            tell(format!(
                "the journal `{}` was rewritten: it is sent from its first event on",
                means.journal.display()
            ));
            means.since = 0;
            means.place = None;
        }
        if let Some((since_seq, tail)) = means.first {
            let surplus = if tail == 0 { 0 } else { rows.saturating_sub(tail) };
            let is_asked_for = |placed: &Placed| {
                placed.row >= surplus && (since_seq == 0 || placed.seq > since_seq)
            };
            events.retain(is_asked_for);
        }
        let since = means.since;
        let sent = self.send(&events)?;
        let means = &mut self.means;
        let settled = events.get(..sent.settled).unwrap_or_default();
        if sent.settled == events.len() && sent.is_real {
            means.settle(end, None)?;
        }
        let looked_at = if sent.is_real { settled } else { &events };
        let highest = looked_at.iter().map(|placed| placed.seq.max(0)).max();
        if sent.is_real {
            means.since = means.since.max(highest.unwrap_or(0));
        }
        Ok(Drained {
            waiting: events.len(),
            exported: sent.settled - sent.refused,
            cursor: highest.map(|seq| seq.to_string()).unwrap_or_default(),
            since,
            is_refused: means.is_asked_to_send() && sent.settled - sent.refused < events.len(),
            detail: sent.detail,
        })
    }

    /// Hands events over, batch by batch, up to the first that is not taken. What is refused for
    /// good goes to the dead letters of the drain.
    fn send(&mut self, events: &[Placed]) -> Result<Sent, Failure> {
        let count = events.len();
        let only_look =
            |detail: String| Ok(Sent { settled: 0, refused: 0, is_real: false, detail });
        let Self { means, sink } = self;
        match &means.way {
            Way::Count => return only_look(format!("nothing is sent to `null`, {count} wait")),
            Way::Nameless(missing) => return only_look(missing.clone()),
            Way::DryRun(place) => return only_look(format!("{count} would go to {place}")),
            Way::Send => {}
        }
        let mut sent = Sent { settled: 0, refused: 0, is_real: true, detail: String::new() };
        let (mut problem, mut refusal) = (None, None);
        for batch in events.chunks(PAGE_ROWS) {
            let rows: Vec<Event> = batch.iter().map(|placed| placed.event.clone()).collect();
            let outcome = means.runtime.block_on(send_once(sink, &rows));
            means.bury(&rows, &outcome.refused)?;
            sent.settled += outcome.settled;
            sent.refused += outcome.refused.len();
            refusal = refusal.or(outcome.refused.into_iter().next());
            if let Some(last) = outcome.settled.checked_sub(1).and_then(|last| batch.get(last)) {
                means.settle(last.end, Some(last))?;
            }
            problem = outcome.problem;
            if problem.is_some() {
                break;
            }
        }
        let Sent { settled, refused, .. } = sent;
        sent.detail = match (problem, refusal) {
            (Some(reason), _) => format!("{} were not taken: {reason}", count - settled),
            (None, Some(refusal)) => format!(
                "{refused} were refused for good: {}; they are in `{}`",
                refusal.reason,
                means.dead_letters.path().display()
            ),
            (None, None) => format!("{settled} were taken"),
        };
        Ok(sent)
    }
}

impl Means {
    fn begin(&mut self, begin: &Begin, tell: impl FnOnce(String)) -> Result<(), Failure> {
        self.since = begin.since_seq;
        self.first = Some((begin.since_seq, begin.tail));
        if !begin.auto {
            return Ok(());
        }
        let loaded = self.runtime.block_on(self.cursor_file.load());
        match loaded.map_err(|cause| self.cursor_failure("read", &cause))? {
            Loaded::Found(saved) => {
                self.since = source::highest_seq(&self.journal, saved.cursor)?;
                self.place = Some(saved.cursor);
                self.event_id = saved.event_id;
            }
            Loaded::Missing => {
                let theirs = self.journal.with_file_name("export-cursor.file");
                if self.is_real() && theirs.exists() {
                    tell(format!(
                        "the journal is sent from its first event on: the place in `{}` is a row number, which does not say what was sent\n  help: to go on behind it once, pass the number with `--since`",
                        theirs.display()
                    ));
                }
            }
            Loaded::Unreadable(fault) => {
                let aside = self.runtime.block_on(self.cursor_file.put_aside());
                let aside = aside.map_err(|cause| self.cursor_failure("put aside", &cause))?;
                tell(format!(
                    "the place in `{}` cannot be used: {fault}; a copy is kept as `{}`, and the journal is sent from its first event on\n  help: receivers drop what they have seen",
                    self.cursor_file.path().display(),
                    aside.display()
                ));
            }
        }
        Ok(())
    }

    /// Moves on to a place, and keeps it when it is to be kept. Without an event it is the place
    /// behind rows that are none.
    fn settle(&mut self, place: Cursor, event: Option<&Placed>) -> Result<(), Failure> {
        self.first = None;
        let before = self.place.replace(place);
        if let Some(placed) = event {
            self.event_id = Some(placed.event.id().to_string());
        }
        // Before anything was sent there is nothing to go on behind.
        let is_new = before != Some(place) && self.event_id.is_some();
        if !self.persist || !is_new {
            return Ok(());
        }
        self.workspace.ensure_state_dir().map_err(|cause| self.cursor_failure("kept", &cause))?;
        let saved = Saved { event_id: self.event_id.clone(), ..Saved::at(place) };
        let kept = self.runtime.block_on(self.cursor_file.save(&saved, self.clock.now_ms()));
        kept.map_err(|cause| self.cursor_failure("kept", &cause))
    }

    /// Keeps what was refused for good, with the reason.
    fn bury(&self, events: &[Event], refused: &[Refusal]) -> Result<(), Failure> {
        if refused.is_empty() {
            return Ok(());
        }
        let buried = self.dead_letters.bury(events, refused, self.clock.now_ms());
        self.runtime.block_on(buried).map_err(|cause| {
            Failure::Failed(format!(
                "what was refused cannot be kept in `{}`: {cause}\n  help: free space there and make it writable; it is sent again",
                self.dead_letters.path().display()
            ))
        })
    }

    fn cursor_failure(&self, what: &str, cause: &std::io::Error) -> Failure {
        Failure::Failed(format!(
            "the place in `{}` cannot be {what}: {cause}\n  help: free space there and make it writable; what was sent meanwhile is sent again",
            self.cursor_file.path().display()
        ))
    }
}

/// What became of the events of one drain.
struct Sent {
    /// Those at the front that the destination has, or never will.
    settled: usize,
    /// Those of them that it never will.
    refused: usize,
    /// Whether a destination was there to take them.
    is_real: bool,
    detail: String,
}

/// No sink: nobody sends to it.
pub(super) struct Nowhere;

impl Sink for Nowhere {
    type Batch = ();

    fn kind(&self) -> &'static str {
        "null"
    }

    fn encode(&self, _: &[Event]) -> Self::Batch {}

    async fn send(&mut self, (): &Self::Batch) -> Delivery {
        Delivery::Retry { reason: "there is no destination".to_owned() }
    }

    async fn check(&mut self) -> Result<(), Unhealthy> {
        Ok(())
    }
}
