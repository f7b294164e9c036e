//! A journal actor in memory: pages as the real one gives them, and doorbells.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix::{Actor, Addr, Context, Handler, Recipient};
use dosd_actors::journal::{
    Cursor, EventId, FileIdentity, JournalError, JournalErrorKind, JournalMoved, Origin, Page,
    ReadFrom, Start, Subscribe,
};

use super::FILE;

/// The handle of a fake journal. Clones share it; each [`FakeJournal::start`]
/// makes a new actor over the same rows.
#[derive(Clone)]
pub(crate) struct FakeJournal {
    state: Arc<Mutex<State>>,
}

struct State {
    file: FileIdentity,
    /// Rows with the offset of each.
    rows: Vec<(u64, String)>,
    end: u64,
    bells: Vec<Recipient<JournalMoved>>,
    largest_page: (usize, usize),
    reads: usize,
    broken: bool,
}

impl FakeJournal {
    pub(crate) fn new() -> Self {
        let state = State {
            file: FILE,
            rows: Vec::new(),
            end: 0,
            bells: Vec::new(),
            largest_page: (0, 0),
            reads: 0,
            broken: false,
        };
        Self { state: Arc::new(Mutex::new(state)) }
    }

    pub(crate) fn start(&self) -> Addr<FakeJournalActor> {
        // A new actor knows nobody.
        self.state().bells.clear();
        FakeJournalActor { journal: self.clone() }.start()
    }

    /// Appends rows and rings.
    pub(crate) fn append(&self, rows: impl IntoIterator<Item = String>) {
        let mut state = self.state();
        for row in rows {
            let offset = state.end;
            state.end += row.len() as u64 + 1;
            state.rows.push((offset, row));
        }
        for bell in &state.bells {
            // A full mailbox holds a ring already.
            let _ = bell.try_send(JournalMoved { origin: Origin::Own });
        }
    }

    /// Another file under the same path, with these rows.
    pub(crate) fn rewrite(&self, rows: impl IntoIterator<Item = String>) {
        let mut state = self.state();
        state.file.inode += 1;
        state.rows.clear();
        state.end = 0;
        drop(state);
        self.append(rows);
    }

    /// The same file, cut behind its first `rows` rows.
    pub(crate) fn cut_after(&self, rows: usize) {
        let end = self.after(rows).offset;
        let mut state = self.state();
        state.rows.truncate(rows);
        state.end = end;
    }

    /// Every read fails from now on, or works again.
    pub(crate) fn set_broken(&self, broken: bool) {
        self.state().broken = broken;
    }

    /// The place after row number `rows`, counted from 1.
    pub(crate) fn after(&self, rows: usize) -> Cursor {
        let state = self.state();
        let offset = state.rows.get(rows).map_or(state.end, |(offset, _)| *offset);
        Cursor { file: state.file, offset }
    }

    /// The id of row number `index`, counted from 0.
    pub(crate) fn id(&self, index: usize) -> String {
        let state = self.state();
        EventId::new(state.file, state.rows[index].0).to_string()
    }

    /// Most rows and most bytes that one page had.
    pub(crate) fn largest_page(&self) -> (usize, usize) {
        self.state().largest_page
    }

    pub(crate) fn reads(&self) -> usize {
        self.state().reads
    }

    pub(crate) fn bells(&self) -> usize {
        self.state().bells.len()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn page(&mut self, ask: &ReadFrom) -> Result<Page, JournalError> {
        self.reads += 1;
        if self.broken {
            let kind = JournalErrorKind::Io { operation: "reading", cause: "broken".to_owned() };
            return Err(JournalError { path: "verdicts".into(), kind });
        }
        let (from, rewritten) = match ask.start {
            Start::Beginning => (0, false),
            Start::End => (self.end, false),
            Start::At(Cursor { file, offset })
                if file.is_same_file(self.file) && offset <= self.end =>
            {
                (offset, false)
            }
            Start::At(_) => (0, true),
        };
        let first = self.rows.partition_point(|(offset, _)| *offset < from);
        let (mut rows, mut bytes, mut next) = (Vec::new(), 0, from);
        for (offset, row) in self.rows.iter().skip(first).take(ask.max_rows) {
            if bytes + row.len() + 1 > ask.max_bytes && !rows.is_empty() {
                break;
            }
            bytes += row.len() + 1;
            next = offset + row.len() as u64 + 1;
            rows.push((EventId::new(self.file, *offset), row.clone()));
        }
        self.largest_page = (self.largest_page.0.max(rows.len()), self.largest_page.1.max(bytes));
        let next = Cursor { file: self.file, offset: next };
        Ok(Page { rows, corrupt: 0, next, behind_bytes: self.end - next.offset, rewritten })
    }
}

/// The actor that answers.
pub(crate) struct FakeJournalActor {
    journal: FakeJournal,
}

impl Actor for FakeJournalActor {
    type Context = Context<Self>;
}

impl Handler<ReadFrom> for FakeJournalActor {
    type Result = Result<Page, JournalError>;

    fn handle(&mut self, ask: ReadFrom, _: &mut Self::Context) -> Self::Result {
        self.journal.state().page(&ask)
    }
}

impl Handler<Subscribe> for FakeJournalActor {
    type Result = ();

    fn handle(&mut self, ask: Subscribe, _: &mut Self::Context) {
        self.journal.state().bells.push(ask.bell);
    }
}
