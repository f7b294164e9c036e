//! The task inside an exporter: read a page, send its events batch by batch,
//! rest. It asks [`Courier`] what follows from an answer.

use std::convert::Infallible;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use actix::Recipient;
use dosd_actors::canary::{Canary, is_planted};
use dosd_actors::journal::{Cursor, JournalMoved, Start};
use dosd_actors::port::SharedClock;
use dosd_actors::reach::Reach;
use dosd_actors::supervisor::GetFleet;
use futures_util::future::{Either, select};
use tokio::time::timeout;
use tracing::{info, warn};

use super::ExporterParts;
use super::journal::Journal;
use super::message::DrainEnd;
use super::shared::{Shared, Step};
use super::show::Shown;
use super::start::find_start;
use super::status::{ExporterStatus, Phase};
use crate::cursor::{CursorFile, Saved};
use crate::dead_letter::DeadLetterFile;
use crate::delivery::Courier;
use crate::filter::Filter;
use crate::queue::Queue;
use crate::sink::{Delivery, Sink};
use crate::{PAGE_BYTES, PAGE_ROWS};

/// How long an exporter rests when no bell rings: rings are dropped with a
/// journal actor that panicked.
pub(super) const TICK: Duration = Duration::from_secs(5);

/// How long the first look at a sink may delay the first event.
const CHECK_AT_MOST: Duration = Duration::from_secs(10);

/// What an exporter does, and all it needs for it.
pub(super) struct Pump<S: Sink> {
    pub(super) sink: S,
    pub(super) clock: SharedClock,
    pub(super) rng: fastrand::Rng,
    pub(super) journal: Journal,
    pub(super) cursor_file: CursorFile,
    pub(super) dead_letters: DeadLetterFile,
    pub(super) shared: Rc<Shared>,
    pub(super) courier: Courier,
    pub(super) queue: Queue,
    /// What the cursor file says, or will say as soon as it can be written.
    pub(super) saved: Saved,
    filter: Filter,
    /// Whether the events at the head were sent before.
    again: bool,
    /// The end of the journal's file, as of the last look at it.
    end: u64,
    /// Where a drain is over.
    drain_to: Option<Cursor>,
    pub(super) fleet: Reach<GetFleet>,
    pub(super) shown: Shown,
}

impl<S: Sink> Pump<S> {
    /// Delivers until the exporter is drained.
    pub(super) async fn run(
        parts: ExporterParts<S>,
        bell: Recipient<JournalMoved>,
        shared: Rc<Shared>,
    ) {
        let work = pin!(Self::begin_and_deliver(parts, bell, &shared));
        let end = match select(work, pin!(shared.deadline())).await {
            Either::Left((end, _)) => end,
            // Whatever was under way is abandoned; the cursor knows of none of it.
            Either::Right(_) => DrainEnd::GaveUp,
        };
        shared.end(end);
    }

    async fn begin_and_deliver(
        parts: ExporterParts<S>,
        bell: Recipient<JournalMoved>,
        shared: &Rc<Shared>,
    ) -> DrainEnd {
        let worked = match Self::begin(parts, bell, shared).await {
            Ok(mut pump) => pump.deliver().await,
            Err(end) => Err(end),
        };
        let Err(end) = worked;
        end
    }

    async fn begin(
        parts: ExporterParts<S>,
        bell: Recipient<JournalMoved>,
        shared: &Rc<Shared>,
    ) -> Step<Self> {
        let ExporterParts { name, mut sink, clock, storage, rng, directory, .. } = parts;
        let cursor_file = CursorFile::new(storage.clone(), &directory, &name);
        let mut journal = Journal::new(parts.read, parts.subscribe, bell, Rc::clone(shared));
        let now_ms = clock.now_ms();
        // The place first: a sink that is slow to answer must not move the end.
        let saved = find_start(&cursor_file, &mut journal, parts.from, shared, now_ms).await?;
        shared.update(|status| status.last_event_id.clone_from(&saved.event_id));
        check(&mut sink, shared).await;
        Ok(Self {
            sink,
            clock,
            rng,
            journal,
            dead_letters: DeadLetterFile::new(storage, &directory, &name),
            cursor_file,
            shared: Rc::clone(shared),
            courier: Courier::new(parts.policy),
            queue: Queue::default(),
            end: saved.cursor.offset,
            saved,
            filter: parts.filter,
            again: false,
            drain_to: None,
            fleet: parts.fleet,
            shown: Shown::default(),
        })
    }

    async fn deliver(&mut self) -> Step<Infallible> {
        loop {
            self.end_when_drained().await?;
            self.show_when_due().await;
            if self.saved.disabled.is_some() {
                self.wait_until_resumed().await?;
            } else if !self.queue.is_empty() {
                self.send_batch().await?;
            } else if self.read_page().await? == Reached::End {
                self.rest().await?;
            }
        }
    }

    /// Reads the next page, and moves the cursor over it if nothing in it is to
    /// be sent.
    async fn read_page(&mut self) -> Step<Reached> {
        self.shared.hush();
        let start = Start::At(self.saved.cursor);
        let rows = self.sink.limits().events.max(PAGE_ROWS);
        let page = self.journal.page(start, rows, PAGE_BYTES).await?;
        let next = page.next;
        if page.rewritten {
            info!(exporter = %self.shared.name(), "the verdict journal was rewritten; sending the new file from its first event on");
            self.shared.update(|status| status.rewritten += 1);
        }
        self.end = next.offset + page.behind_bytes;
        if next == self.saved.cursor {
            self.show_lag();
            return Ok(Reached::End);
        }
        let loaded = self.queue.load(page, &self.filter);
        self.shared.update(|status| {
            status.phase = Phase::Working;
            status.left_out += loaded.left_out;
            status.corrupt += loaded.corrupt;
        });
        if self.queue.is_empty() {
            self.move_cursor(next, None).await?;
        } else {
            self.show_lag();
        }
        Ok(Reached::More)
    }

    /// Sends the next events and does what follows from the answer.
    async fn send_batch(&mut self) -> Step<()> {
        let limits = self.sink.limits();
        let window = self.courier.window(limits.events);
        let events = self.queue.batch(&limits, window);
        let count = events.len();
        let batch = self.sink.encode(events);
        self.shared.update(|status| {
            status.phase = Phase::Working;
            status.retried += u64::from(self.again);
        });
        if is_planted(Canary::MoveCursorBeforeSend)
            && let Some((event, after)) = self.queue.place_after(count)
        {
            self.move_cursor(after, Some(event)).await?;
        }
        let answer = timeout(limits.timeout, self.sink.send(&batch)).await;
        let answer = answer.unwrap_or_else(|_| Delivery::Retry {
            reason: format!("no answer within {} ms", limits.timeout.as_millis()),
        });
        let now_ms = self.clock.now_ms();
        self.shared.update(|status| note(status, &answer, count, now_ms));
        self.again = is_sent_again(&answer, count);
        let actions = self.courier.answered(answer, count, now_ms, self.rng.u64(..));
        self.shared.update(|status| status.circuit = self.courier.circuit());
        for action in actions {
            self.perform(action).await?;
        }
        Ok(())
    }

    async fn rest(&mut self) -> Step<()> {
        self.shared.update(|status| status.phase = Phase::Resting);
        if self.shared.is_draining() {
            return Err(DrainEnd::CaughtUp);
        }
        self.shared.rest(self.until_shown().map_or(TICK, |long| long.min(TICK))).await;
        self.shared.gather(self.sink.limits().gather).await;
        Ok(())
    }

    /// A drain is over at the place where the journal ended when it was ordered:
    /// other processes may go on writing.
    async fn end_when_drained(&mut self) -> Step<()> {
        if !self.shared.is_draining() {
            return Ok(());
        }
        let to = match self.drain_to {
            Some(to) => to,
            None => self.journal.page(Start::End, 0, 1).await?.next,
        };
        self.drain_to = Some(to);
        let here = self.saved.cursor;
        if !here.file.is_same_file(to.file) || here.offset < to.offset {
            return Ok(());
        }
        // A journal that was cut short ends before this place, and has rows that nobody was sent.
        if self.journal.page(Start::At(here), 0, 1).await?.rewritten {
            self.drain_to = None;
            return Ok(());
        }
        Err(DrainEnd::CaughtUp)
    }

    /// Looks how much has come while the sink was left alone.
    pub(super) async fn measure_lag(&mut self) {
        // Only a figure for people: without an answer the old one stands.
        if let Ok(page) = self.journal.try_page(Start::At(self.saved.cursor), 0, 1).await
            && !page.rewritten
        {
            self.end = page.next.offset + page.behind_bytes;
            self.show_lag();
        }
    }

    pub(super) fn show_lag(&self) {
        let behind_bytes = self.end.saturating_sub(self.saved.cursor.offset);
        self.shared.update(|status| status.behind_bytes = behind_bytes);
        self.shared.set_oldest_ms(self.queue.oldest_ms());
    }
}

/// Whether there may be more to read.
#[derive(PartialEq, Eq)]
enum Reached {
    More,
    End,
}

/// Looks once whether the sink can be reached. It only says so: the events decide.
async fn check<S: Sink>(sink: &mut S, shared: &Shared) {
    let long = sink.limits().timeout.min(CHECK_AT_MOST);
    let unhealthy = match timeout(long, sink.check()).await {
        Ok(Ok(())) => return,
        Ok(Err(unhealthy)) => unhealthy.to_string(),
        Err(_) => format!("no answer within {} ms", long.as_millis()),
    };
    warn!(
        exporter = %shared.name(),
        "its sink cannot be reached: {unhealthy}; events wait in the journal until it can"
    );
    shared.update(|status| status.unhealthy = Some(unhealthy));
}

/// Whether the event at the head is one that was sent before, after this answer.
fn is_sent_again(answer: &Delivery, events: usize) -> bool {
    match answer {
        Delivery::Accepted | Delivery::PartlyAccepted { .. } => false,
        Delivery::Refused { .. } => events > 1,
        Delivery::Stopped { next, .. } => is_sent_again(next, 1),
        Delivery::Throttled { .. } | Delivery::Retry { .. } | Delivery::Disabled { .. } => true,
    }
}

/// Counts an answer to a batch of `events` events.
fn note(status: &mut ExporterStatus, answer: &Delivery, events: usize, now_ms: i64) {
    let (class, reason) = match answer {
        Delivery::Accepted => {
            status.sent += events as u64;
            status.last_success_ms = Some(now_ms);
            return;
        }
        Delivery::PartlyAccepted { refused } => {
            status.sent += events.saturating_sub(refused.len()) as u64;
            status.last_success_ms = Some(now_ms);
            let Some(first) = refused.first() else { return };
            (&mut status.failed.partly, &first.reason)
        }
        Delivery::Stopped { taken, next } => {
            if *taken > 0 {
                note(status, &Delivery::Accepted, *taken, now_ms);
            }
            return note(status, next, 1, now_ms);
        }
        Delivery::Throttled { reason, .. } => (&mut status.failed.throttled, reason),
        Delivery::Retry { reason } => (&mut status.failed.retry, reason),
        Delivery::Refused { reason } => (&mut status.failed.refused, reason),
        Delivery::Disabled { reason } => (&mut status.failed.disabled, reason),
    };
    *class += 1;
    status.last_failure = Some(reason.clone());
}
