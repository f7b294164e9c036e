//! Reading from a place on.

use super::*;
use crate::journal::message::Page;
use crate::journal::position::Start;

fn ids(page: &Page) -> Vec<String> {
    page.rows.iter().map(|(id, _)| id.to_string()).collect()
}

fn ten(storage: &MemoryStorage) -> Log<LaneFold> {
    let mut log = open(storage).unwrap();
    for lane in 0..10 {
        append(&mut log, &[acquire(lane)]).unwrap();
    }
    log
}

#[test]
fn pages_of_every_size_give_the_same_rows_in_order() {
    let storage = MemoryStorage::default();
    let mut log = ten(&storage);
    storage.append_foreign(journal(), b"damage\n\n[1]\n");
    storage.append_foreign(journal(), &foreign(acquire(10), 11));
    storage.append_foreign(journal(), b"{\"op\":");
    let whole = log.page(Start::Beginning, usize::MAX, usize::MAX).unwrap();
    assert_eq!((whole.rows.len(), whole.corrupt, whole.behind_bytes), (11, 1, 0));
    for (max_rows, max_bytes) in [(1, 1), (1, 10_000), (3, 400), (100, 1), (100, 170)] {
        let (mut seen, mut corrupt, mut start) = (Vec::new(), 0, Start::Beginning);
        loop {
            let page = log.page(start, max_rows, max_bytes).unwrap();
            assert!(page.rows.len() <= max_rows && !page.rewritten);
            let bytes: usize = page.rows.iter().map(|(_, text)| text.len() + 1).sum();
            assert!(bytes <= max_bytes || page.rows.len() == 1);
            corrupt += page.corrupt;
            seen.extend(ids(&page));
            let done = page.behind_bytes == 0;
            start = Start::At(page.next);
            if done {
                break;
            }
        }
        assert_eq!((seen, corrupt), (ids(&whole), 1));
    }
}

#[test]
fn ids_and_places_are_the_same_after_reopening() {
    let storage = MemoryStorage::default();
    let mut log = ten(&storage);
    let first = log.page(Start::Beginning, 4, usize::MAX).unwrap();
    let rest = log.page(Start::At(first.next), 100, usize::MAX).unwrap();
    drop(log);
    let mut again = open(&storage).unwrap();
    assert_eq!(again.page(Start::At(first.next), 100, usize::MAX).unwrap(), rest);
    assert_eq!(ids(&again.page(Start::Beginning, 4, usize::MAX).unwrap()), ids(&first));
}

#[test]
fn a_place_in_an_empty_journal_is_good_once_there_are_rows() {
    let storage = MemoryStorage::default();
    let mut log = open(&storage).unwrap();
    let start = log.page(Start::End, 10, 10_000).unwrap();
    append(&mut log, &[acquire(1)]).unwrap();
    let page = log.page(Start::At(start.next), 10, 10_000).unwrap();
    assert_eq!((page.rows.len(), page.rewritten), (1, false));
}

#[test]
fn the_end_is_after_the_last_row() {
    let storage = MemoryStorage::default();
    let mut log = ten(&storage);
    let page = log.page(Start::End, 10, 10_000).unwrap();
    assert!(page.rows.is_empty());
    append(&mut log, &[acquire(11)]).unwrap();
    let page = log.page(Start::At(page.next), 10, 10_000).unwrap();
    assert!(page.rows[0].1.contains("lane-11"));
}

#[test]
fn a_place_that_is_gone_begins_anew_and_says_so() {
    let storage = MemoryStorage::default();
    let mut log = ten(&storage);
    let at = log.page(Start::Beginning, 4, usize::MAX).unwrap().next;
    let mut inside = at;
    inside.offset += 1;
    let page = log.page(Start::At(inside), 100, usize::MAX).unwrap();
    assert_eq!((page.rows.len(), page.rewritten), (10, true), "not the start of a line");
    storage.put(journal(), &foreign(acquire(1), 1));
    let page = log.page(Start::At(at), 100, usize::MAX).unwrap();
    assert_eq!((page.rows.len(), page.rewritten), (1, true), "another file");
}

#[test]
fn a_page_may_be_empty_on_request() {
    let storage = MemoryStorage::default();
    let page = ten(&storage).page(Start::Beginning, 0, 0).unwrap();
    assert!(page.rows.is_empty() && page.next.offset == 0 && page.behind_bytes > 0);
}

/// A reader keeps its place durably. If a row before it went with the power, the next one would
/// stand there, and never be read.
#[test]
fn what_a_reader_was_given_outlives_a_loss_of_power() {
    let storage = MemoryStorage::default();
    let mut log = ten(&storage);
    storage.append_foreign(journal(), &foreign(acquire(10), 11));
    let page = log.page(Start::Beginning, usize::MAX, usize::MAX).unwrap();
    storage.lose_power();
    drop(log);
    let again = open(&storage).unwrap().page(Start::Beginning, usize::MAX, usize::MAX).unwrap();
    assert_eq!((again.rows.len(), again), (11, page));

    // Rows of a writer that was killed before its sync.
    storage.append_foreign(journal(), &foreign(acquire(11), 12));
    let page = open(&storage).unwrap().page(Start::End, 0, 1).unwrap();
    storage.lose_power();
    assert_eq!(open(&storage).unwrap().page(Start::End, 0, 1).unwrap().next, page.next);
}
