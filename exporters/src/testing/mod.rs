//! What the tests of this crate share: rows, a fake journal, a scripted sink.

mod journal;
#[cfg(feature = "http")]
mod server;
mod sink;
mod world;

use std::time::Duration;

use dosd_actors::journal::{Cursor, EventId, FileIdentity, Page};

use crate::event::Event;

pub(crate) use journal::FakeJournal;
#[cfg(feature = "http")]
pub(crate) use server::{Reply, Request, Server};
pub(crate) use sink::{Answer, Script, ScriptedSink};
pub(crate) use world::{NOW_MS, World, about, drain, drain_all, pass, status};

/// Paused time jumps over it, so a test that waits in vain fails at once.
pub(crate) const LONG_ENOUGH: Duration = Duration::from_hours(1);

/// The file that test journals pretend to be.
pub(crate) const FILE: FileIdentity = FileIdentity { inode: 7, head: Some(42) };

/// The id of the row at `offset` of [`FILE`].
pub(crate) fn event_id(offset: u64) -> EventId {
    EventId::new(FILE, offset)
}

/// A row of the verdict journal, without its newline.
pub(crate) fn verdict_row(syscall: &str, verdict: &str) -> String {
    row(syscall, verdict, "")
}

/// A row whose subject tells it from others.
pub(crate) fn numbered_row(number: usize) -> String {
    row("verify", "OPEN", &number.to_string())
}

fn row(syscall: &str, verdict: &str, subject: &str) -> String {
    format!(
        r#"{{"detail":{{}},"lane":"","run_id":"","schema_family":"verdict-journal","schema_version":1,"seq":1,"source":"kernel","subject":"{subject}","syscall":"{syscall}","ts":"2026-11-22T19:31:25Z","verdict":"{verdict}"}}"#
    )
}

/// An event at the beginning of the journal.
pub(crate) fn event(syscall: &str, verdict: &str) -> Event {
    Event::parse(event_id(0), verdict_row(syscall, verdict)).unwrap()
}

/// A page of [`FILE`] from its first row on.
pub(crate) fn page(rows: &[String]) -> Page {
    let mut offset = 0;
    let mut with_ids = Vec::new();
    for row in rows {
        with_ids.push((event_id(offset), row.clone()));
        offset += row.len() as u64 + 1;
    }
    let next = Cursor { file: FILE, offset };
    Page { rows: with_ids, corrupt: 0, next, behind_bytes: 0, rewritten: false }
}
