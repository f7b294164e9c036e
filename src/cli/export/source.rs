//! The verdict journal as a drain reads it: the events behind a place, each with the place behind
//! itself. It writes nothing and takes no lock.

use super::super::Failure;
use super::super::context::unreadable_journal;
use super::super::rows;
use dosd_actors::journal::{Cursor, EventId, FileIdentity};
use dosd_exporters::Event;
use dosd_kernel::fold::seq_of;
use dosd_kernel::lines;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

/// How much of the file's beginning is read at once to find its first line.
const HEAD_BYTES: u64 = 64 * 1024;

/// Events, and where they end.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) events: Vec<Placed>,
    /// Rows, damaged ones too.
    pub(super) rows: usize,
    /// Behind the last complete row, whatever it is.
    pub(super) end: Cursor,
    /// The place that was asked for is gone: the journal was rewritten, and these are its events
    /// from the first one on.
    pub(super) rewritten: bool,
}

/// An event and the places around it.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) event: Event,
    /// Its number, which other writers may have used twice.
    pub(super) seq: i64,
    /// How many rows are before it in its page.
    pub(super) row: usize,
    /// Behind its row.
    pub(super) end: Cursor,
}

/// The events behind a place, or all of them.
///
/// # Errors
///
/// When the journal is there and cannot be read.
pub(super) fn read(path: &Path, from: Option<Cursor>) -> Result<Page, Failure> {
    match try_read(path, from) {
        Ok(page) => Ok(page),
        Err(cause) if cause.kind() == ErrorKind::NotFound => {
            let file = FileIdentity { inode: 0, head: None };
            let end = Cursor { file, offset: 0 };
            Ok(Page { events: Vec::new(), rows: 0, end, rewritten: from.is_some() })
        }
        Err(cause) => Err(unreadable_journal(path, &cause)),
    }
}

/// The highest number of an event up to a place; 0 without one.
///
/// # Errors
///
/// When the journal is there and cannot be read.
pub(super) fn highest_seq(path: &Path, until: Cursor) -> Result<i64, Failure> {
    let page = read(path, None)?;
    let before = page.events.iter().take_while(|placed| placed.end.offset <= until.offset);
    Ok(before.map(|placed| placed.seq).max().unwrap_or(0).max(0))
}

fn try_read(path: &Path, from: Option<Cursor>) -> io::Result<Page> {
    let file = File::open(path)?;
    let identity = FileIdentity::of(file.metadata()?.ino(), first_line(&file)?.as_deref());
    let start = from.filter(|cursor| cursor.file.is_same_file(identity));
    let start = match start {
        Some(cursor) if ends_a_row(&file, cursor.offset)? => Some(cursor.offset),
        Some(_) | None => None,
    };
    let rewritten = from.is_some() && start.is_none();
    let start = start.unwrap_or(0);
    let bytes = bytes_from(&file, start)?;
    let place = |offset: usize| Cursor { file: identity, offset: start + offset as u64 };
    let mut page = Page { events: Vec::new(), rows: 0, end: place(0), rewritten };
    for (index, line) in lines::split(&bytes).enumerate() {
        let row = rows::row(&line, index);
        if row.is_none() && !line.terminated {
            // It may still become a row.
            break;
        }
        page.end = place(line.end());
        let Some(row) = row else { continue };
        let before = page.rows;
        page.rows += 1;
        if rows::is_corrupt(&row) {
            continue;
        }
        let id = EventId::new(identity, place(line.offset).offset);
        let text = lines::text(line.bytes).trim().to_owned();
        if let Some(event) = Event::parse(id, text) {
            let seq = i64::try_from(seq_of(row.get("seq"))).unwrap_or(i64::MAX);
            page.events.push(Placed { event, seq, row: before, end: page.end });
        }
    }
    Ok(page)
}

/// The first line without its newline; none while it has none.
fn first_line(file: &File) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    loop {
        let mut more = vec![0; usize::try_from(HEAD_BYTES).unwrap_or(usize::MAX)];
        let got = file.read_at(&mut more, line.len() as u64)?;
        more.truncate(got);
        if let Some(length) = more.iter().position(|byte| *byte == b'\n') {
            line.extend(more.into_iter().take(length));
            return Ok(Some(line));
        }
        if got == 0 {
            return Ok(None);
        }
        line.append(&mut more);
    }
}

/// Whether a row ends there, with its newline or before it.
fn ends_a_row(file: &File, offset: u64) -> io::Result<bool> {
    let byte_at = |offset: u64| -> io::Result<Option<u8>> {
        let mut byte = [0];
        Ok((file.read_at(&mut byte, offset)? == 1).then_some(byte[0]))
    };
    let Some(before) = offset.checked_sub(1) else { return Ok(true) };
    Ok(match byte_at(before)? {
        None => false,
        Some(b'\n') => true,
        Some(_) => byte_at(offset)?.is_none_or(|next| next == b'\n'),
    })
}

fn bytes_from(file: &File, start: u64) -> io::Result<Vec<u8>> {
    use std::io::{Read, Seek, SeekFrom};
    let mut file = file;
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn seqs(page: &Page) -> Vec<i64> {
        page.events.iter().map(|placed| placed.seq).collect()
    }

    fn journal(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    #[test]
    fn w_8_a_place_is_behind_a_row_whatever_its_number() {
        let mut file = journal("{\"seq\":5}\n\nrubbish\n{\"seq\":5}\n[1]\n{\"seq\":2}\n{\"se");
        let page = read(file.path(), None).unwrap();
        assert_eq!(seqs(&page), [5, 5, 2]);
        let behind = |index: usize| read(file.path(), Some(page.events[index].end)).unwrap();
        assert_eq!((seqs(&behind(0)), seqs(&behind(1))), (vec![5, 2], vec![2]));
        assert_eq!(highest_seq(file.path(), page.events[1].end).unwrap(), 5);
        file.write_all(b"q\":1}\n").unwrap();
        let rest = read(file.path(), Some(page.end)).unwrap();
        assert_eq!((seqs(&rest), rest.rewritten), (vec![1], false));
        assert_ne!(page.events[0].event.id(), page.events[1].event.id());
    }

    #[test]
    fn a_last_row_without_its_newline_counts_once() {
        let mut file = journal("{\"seq\":1}\n{\"seq\":2}");
        let page = read(file.path(), None).unwrap();
        assert_eq!(seqs(&page), [1, 2]);
        let rest = read(file.path(), Some(page.end)).unwrap();
        assert_eq!((seqs(&rest), rest.rewritten), (vec![], false));
        file.write_all(b"\n{\"seq\":3}\n").unwrap();
        assert_eq!(seqs(&read(file.path(), Some(page.end)).unwrap()), [3]);
    }

    #[test]
    fn a_place_that_is_gone_begins_the_journal_anew() {
        let file = journal("{\"seq\":1}\n{\"seq\":2}\n");
        let end = read(file.path(), None).unwrap().end;
        std::fs::write(file.path(), "{\"seq\":1}\n").unwrap();
        let page = read(file.path(), Some(end)).unwrap();
        assert_eq!((seqs(&page), page.rewritten), (vec![1], true));
        std::fs::write(file.path(), "{\"seq\":9}\n{\"seq\":2}\n{\"seq\":3}\n").unwrap();
        let page = read(file.path(), Some(end)).unwrap();
        assert_eq!((seqs(&page), page.rewritten), (vec![9, 2, 3], true));
        let missing = read(&file.path().with_extension("missing"), None).unwrap();
        assert!(missing.events.is_empty() && !missing.rewritten);
        assert!(read(file.path().parent().unwrap(), None).is_err());
    }
}
