//! One drain after the other: read what waits, hand it over batch by batch, and keep the place behind
//! each batch that was taken.

use super::super::Failure;
use super::source::{self, Page, Placed};
use super::target::Target;
use crate::workspace::Workspace;
use dosd_actors::journal::Cursor;
use dosd_actors::port::{Clock, Disk, SharedStorage, SystemClock};
use dosd_exporters::cursor::{CursorFile, Loaded, Saved};
use dosd_exporters::{Event, PAGE_ROWS};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::runtime::Runtime;

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

/// A drain of one journal into one destination.
pub(super) struct Drain {
    target: Target,
    journal: PathBuf,
    workspace: Workspace,
    cursor_file: CursorFile,
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

impl Drain {
    /// Nothing is read and nothing is sent yet. The place is kept under the destination's name.
    ///
    /// # Errors
    ///
    /// When the system gives no timer.
    pub(super) fn new(
        target: Target,
        name: &str,
        journal: PathBuf,
        workspace: Workspace,
        persist: bool,
        dry_run: bool,
    ) -> Result<Self, Failure> {
        let storage: SharedStorage = Arc::new(Disk);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let runtime = runtime.map_err(|cause| {
            Failure::Failed(format!("cannot send anything: {cause}\n  help: try again"))
        })?;
        Ok(Self {
            cursor_file: CursorFile::new(storage, &workspace.drains_dir(), name),
            target,
            journal,
            workspace,
            runtime,
            clock: SystemClock::new(),
            persist,
            dry_run,
            place: None,
            event_id: None,
            since: 0,
            first: None,
        })
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
                if self.target.is_real() && theirs.exists() {
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

    /// Hands over what waits.
    ///
    /// # Errors
    ///
    /// When the journal cannot be read, or the place cannot be kept. What the destination does not
    /// take is no error: it waits for the next drain.
    pub(super) fn drain(&mut self, tell: impl FnOnce(String)) -> Result<Drained, Failure> {
        let Page { mut events, rows, end, rewritten } = source::read(&self.journal, self.place)?;
        if rewritten {
            tell(format!(
                "the journal `{}` was rewritten: it is sent from its first event on",
                self.journal.display()
            ));
            self.since = 0;
            self.place = None;
        }
        if let Some((since_seq, tail)) = self.first {
            let surplus = if tail == 0 { 0 } else { rows.saturating_sub(tail) };
            let is_asked_for = |placed: &Placed| {
                placed.row >= surplus && (since_seq == 0 || placed.seq > since_seq)
            };
            events.retain(is_asked_for);
        }
        let since = self.since;
        let sent = self.send(&events)?;
        let taken = events.get(..sent.taken).unwrap_or_default();
        if sent.taken == events.len() && sent.settled {
            self.settle(end, None)?;
        }
        let looked_at = if sent.settled { taken } else { &events };
        let highest = looked_at.iter().map(|placed| placed.seq.max(0)).max();
        if sent.settled {
            self.since = self.since.max(highest.unwrap_or(0));
        }
        Ok(Drained {
            waiting: events.len(),
            exported: sent.taken,
            cursor: highest.map(|seq| seq.to_string()).unwrap_or_default(),
            since,
            is_refused: self.target.is_real() && !self.dry_run && sent.taken < events.len(),
            detail: sent.detail,
        })
    }

    /// Hands events over, batch by batch, up to the first batch that is not taken.
    fn send(&mut self, events: &[Placed]) -> Result<Sent, Failure> {
        let count = events.len();
        let only_look = |detail: String| Ok(Sent { taken: 0, settled: false, detail });
        match &self.target {
            Target::Null => return only_look(format!("nothing is sent to `null`, {count} wait")),
            Target::Nameless => {
                return only_look(
                    "no file is named: pass `--path`, or set DOS_EXPORT_FILE in the environment or in `.env`"
                        .to_owned(),
                );
            }
            Target::File { path, .. } if self.dry_run => {
                return only_look(format!("{count} would go to `{}`", path.display()));
            }
            Target::File { .. } => {}
        }
        let mut taken = 0;
        for batch in events.chunks(PAGE_ROWS) {
            let rows: Vec<Event> = batch.iter().map(|placed| placed.event.clone()).collect();
            if let Err(reason) = self.runtime.block_on(self.target.send(&rows)) {
                let detail = format!("{} were not taken: {reason}", count - taken);
                return Ok(Sent { taken, settled: true, detail });
            }
            taken += batch.len();
            if let Some(last) = batch.last() {
                self.settle(last.end, Some(last))?;
            }
        }
        Ok(Sent { taken, settled: true, detail: format!("{taken} were taken") })
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

    fn cursor_failure(&self, what: &str, cause: &std::io::Error) -> Failure {
        Failure::Failed(format!(
            "the place in `{}` cannot be {what}: {cause}\n  help: free space there and make it writable; what was sent meanwhile is sent again",
            self.cursor_file.path().display()
        ))
    }
}

/// What became of the events of one drain.
struct Sent {
    taken: usize,
    /// Whether a destination was there to take them.
    settled: bool,
    detail: String,
}
