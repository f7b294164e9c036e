//! A last line that was never finished, at every length.

use dosd_kernel::invariant::Shown;

use super::*;
use crate::canary::Canary;
use crate::port::testing::canary::is_caught;

/// A row as short as a lease can be: every byte of 64 of them is a case.
fn short(lane: usize) -> Value {
    json!({"op": "ACQUIRE", "lane": format!("lane-{lane}")})
}

/// A journal of so many rows, with the offset at which each of them ends.
fn rows(count: usize) -> (Vec<u8>, Vec<usize>) {
    let storage = MemoryStorage::default();
    let mut log = open(&storage).unwrap();
    let mut ends = vec![0];
    for lane in 0..count {
        append(&mut log, &[short(lane)]).unwrap();
        ends.push(storage.bytes(journal()).len());
    }
    (storage.bytes(journal()), ends)
}

/// Cuts a journal of so many rows at every byte.
fn cut(count: usize) {
    let (bytes, ends) = rows(count);
    for cut in 0..=bytes.len() {
        let storage = MemoryStorage::default();
        storage.put(journal(), &bytes[..cut]);
        let mut log = open(&storage).unwrap();
        // A row that lacks its newline only is complete.
        let whole = ends.iter().rposition(|end| *end <= cut + 1).unwrap();
        assert_eq!(log.fold().leases().count(), whole, "cut at {cut}");
        assert_eq!(log.fold().highest_seq(), whole as u64, "cut at {cut}");
        let is_torn = ends[whole] < cut;
        let bytes = cut.saturating_sub(ends[whole]) as u64;
        let torn = Report::TornTail { offset: ends[whole] as u64, bytes };
        assert_eq!(log.take_reports().contains(&torn), is_torn, "cut at {cut}");

        let committed = append(&mut log, &[short(99)]).unwrap();
        assert_eq!(committed.first_seq, whole as u64 + 1, "cut at {cut}");
        assert!(lanes(log.fold()).contains(&"lane-99".to_owned()), "cut at {cut}");
        assert_in_step(&log, &storage);
        assert_eq!(on_disk(&storage).corrupt(), u64::from(is_torn), "cut at {cut}");
        let offset = ends[whole] as u64;
        assert_eq!(damages(&log.take_reports()), if is_torn { vec![offset] } else { vec![] });
    }
}

/// Flips every bit of a journal of so many rows. Either that is told, or it changes nothing.
fn flip(count: usize) {
    let (bytes, _) = rows(count);
    let whole = MemoryStorage::default();
    whole.put(journal(), &bytes);
    let whole = Shown::of(open(&whole).unwrap().fold());
    let mut told = 0;
    for bit in 0..bytes.len() * 8 {
        let storage = MemoryStorage::default();
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        storage.put(journal(), &flipped);
        let mut log = open(&storage).unwrap();
        if log.take_reports().is_empty() {
            assert_eq!(Shown::of(log.fold()), whole, "bit {bit}");
        } else {
            told += 1;
        }
        append(&mut log, &[short(99)]).unwrap();
        assert!(lanes(log.fold()).contains(&"lane-99".to_owned()), "bit {bit}");
        assert_in_step(&log, &storage);
    }
    // What is left are letters of the check sum's own name: then there is none.
    assert!(told > bytes.len() * 8 * 9 / 10, "{told} of {} bits", bytes.len() * 8);
}

#[test]
fn w_1_cut_at_every_byte_the_prefix_is_exact_and_the_next_row_stands() {
    cut(64);
}

#[test]
fn with_any_bit_flipped_the_damage_is_told_or_nothing_is_changed() {
    flip(4);
}

#[test]
fn canaries_of_cuts_and_flips_are_caught() {
    for canary in [Canary::HideDamage, Canary::GlueTornTail] {
        assert!(is_caught(canary, || cut(4)), "{canary:?} by cuts");
        assert!(is_caught(canary, || flip(4)), "{canary:?} by flips");
    }
}

#[test]
fn a_torn_first_line_does_not_hide_which_file_it_is() {
    let storage = MemoryStorage::default();
    storage.put(journal(), b"{\"op\":");
    let mut log = open(&storage).unwrap();
    append(&mut log, &[acquire(1)]).unwrap();
    assert!(log.end().file.head.is_some());
    drop(log);
    let again = open(&storage).unwrap();
    assert!(again.end().file.head.is_some());
    assert_eq!(lanes(again.fold()), ["lane-1"]);
}

#[test]
fn damage_in_the_middle_is_told_once_with_its_place() {
    let storage = MemoryStorage::default();
    let first = foreign(acquire(1), 1);
    storage.put(journal(), &first);
    storage.append_foreign(journal(), b"not json\n");
    storage.append_foreign(journal(), &foreign(acquire(2), 2));
    let mut log = open(&storage).unwrap();
    assert_eq!(log.take_reports(), [Report::Damaged { line: 1, offset: first.len() as u64 }]);
    append(&mut log, &[acquire(3)]).unwrap();
    log.follow().unwrap();
    assert_eq!(log.take_reports(), []);
    assert_eq!(lanes(log.fold()), ["lane-1", "lane-2", "lane-3"]);
}

#[test]
fn a_lease_with_a_byte_that_is_no_text_is_still_a_lease() {
    let storage = MemoryStorage::default();
    let row = String::from_utf8(foreign(acquire(1), 1)).unwrap();
    let row: Vec<u8> = row.bytes().filter(|byte| *byte != 0xc3).collect();
    assert!(std::str::from_utf8(&row).is_err());
    storage.put(journal(), &row);
    assert_eq!(lanes(open(&storage).unwrap().fold()), ["lane-1"]);
}

#[test]
fn a_foreign_row_without_its_newline_is_not_glued_to_ours() {
    let storage = MemoryStorage::default();
    let mut log = open(&storage).unwrap();
    let row = foreign(acquire(1), 7);
    storage.append_foreign(journal(), &row[..row.len() - 1]);
    let committed = append(&mut log, &[acquire(2)]).unwrap();
    assert_eq!(committed.first_seq, 8);
    assert_eq!(lanes(log.fold()), ["lane-1", "lane-2"]);
    assert_in_step(&log, &storage);
    assert_eq!(on_disk(&storage).corrupt(), 0);
}
