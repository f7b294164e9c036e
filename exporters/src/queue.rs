//! The one page of the journal that an exporter holds, filtered, and the place in
//! the journal after each event. Pure; it never reads the journal.

use dosd_actors::journal::{Cursor, EventId, Page};

use crate::event::Event;
use crate::filter::Filter;
use crate::sink::Limits;

/// The events that wait to be sent.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    events: Vec<Event>,
    /// The place after each of `events`: over it, and over what the filter left
    /// out behind it.
    after: Vec<Cursor>,
    /// How many of `events` are settled.
    settled: usize,
}

/// What became of the rows of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Loaded {
    /// Rows that the filter left out.
    pub(crate) left_out: u64,
    /// Lines that are no rows; the journal keeps and reports them.
    pub(crate) corrupt: u64,
}

impl Queue {
    /// Takes the events of a page that pass the filter. Everything before must
    /// be settled.
    pub(crate) fn load(&mut self, page: Page, filter: &Filter) -> Loaded {
        self.events.clear();
        self.after.clear();
        self.settled = 0;
        let mut loaded = Loaded { left_out: 0, corrupt: page.corrupt };
        for (id, row) in page.rows {
            match Event::parse(id, row) {
                Some(event) if filter.admits(&event) => {
                    // The event before reaches up to where this one begins.
                    if !self.events.is_empty() {
                        self.after.push(Cursor { file: page.next.file, offset: id.offset() });
                    }
                    self.events.push(event);
                }
                Some(_) => loaded.left_out += 1,
                None => loaded.corrupt += 1,
            }
        }
        if !self.events.is_empty() {
            self.after.push(page.next);
        }
        loaded
    }

    /// Whether everything is settled.
    pub(crate) fn is_empty(&self) -> bool {
        self.settled == self.events.len()
    }

    /// The events of the next batch: as many as fit, at least one if there is one.
    pub(crate) fn batch(&self, limits: &Limits, window: usize) -> &[Event] {
        limits.batch(self.waiting(), window)
    }

    /// Settles the first `events` that wait; gives the last of them and the place
    /// after it.
    pub(crate) fn settle(&mut self, events: usize) -> Option<(EventId, Cursor)> {
        self.settled = (self.settled + events).min(self.events.len());
        self.place_after(0)
    }

    /// The last of the next `events` that wait, and the place after it.
    pub(crate) fn place_after(&self, events: usize) -> Option<(EventId, Cursor)> {
        let last = (self.settled + events).min(self.events.len()).checked_sub(1)?;
        Some((self.events.get(last)?.id(), *self.after.get(last)?))
    }

    /// When the oldest event that waits was written, epoch ms.
    pub(crate) fn oldest_ms(&self) -> Option<i64> {
        self.waiting().iter().find_map(Event::ts_ms)
    }

    /// The events that wait.
    pub(crate) fn waiting(&self) -> &[Event] {
        self.events.get(self.settled..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{FILE, page, verdict_row};

    fn warnings() -> Filter {
        Filter { min_severity: dosd_kernel::verdict::Severity::Warn, syscalls: None }
    }

    fn limits(bytes: usize) -> Limits {
        Limits { bytes, ..Limits::default() }
    }

    #[test]
    fn the_place_after_an_event_skips_what_the_filter_left_out() {
        let rows: Vec<String> = ["PASS", "OPEN", "PASS", "OPEN", "PASS"]
            .iter()
            .map(|v| verdict_row("verify", v))
            .collect();
        let length = rows[0].len() as u64 + 1;
        let mut queue = Queue::default();
        let loaded = queue.load(page(&rows), &warnings());
        assert_eq!(loaded, Loaded { left_out: 3, corrupt: 0 });
        assert_eq!(queue.batch(&limits(10_000), 512).len(), 2);
        let (_, after_first) = queue.settle(1).unwrap();
        assert_eq!(after_first, Cursor { file: FILE, offset: 3 * length });
        let (_, after_last) = queue.settle(1).unwrap();
        assert_eq!(after_last, Cursor { file: FILE, offset: 5 * length });
        assert!(queue.is_empty());
    }

    #[test]
    fn a_batch_keeps_to_events_and_bytes_but_has_one() {
        let rows: Vec<String> = (0..5).map(|_| verdict_row("verify", "OPEN")).collect();
        let length = rows[0].len() + 1;
        let mut queue = Queue::default();
        queue.load(page(&rows), &Filter::default());
        assert_eq!(queue.batch(&limits(10_000), 3).len(), 3);
        assert_eq!(queue.batch(&limits(2 * length), 512).len(), 2);
        assert_eq!(queue.batch(&limits(1), 512).len(), 1);
        queue.settle(5);
        assert!(queue.batch(&limits(10_000), 512).is_empty());
    }

    #[test]
    fn a_page_of_nothing_but_left_out_rows_leaves_it_empty() {
        let mut queue = Queue::default();
        let loaded = queue.load(page(&[verdict_row("verify", "PASS")]), &warnings());
        assert_eq!(loaded.left_out, 1);
        assert!(queue.is_empty());
        assert_eq!(queue.settle(0), None);
    }
}
