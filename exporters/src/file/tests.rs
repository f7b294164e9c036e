//! The sink against a disk in memory that fails on command, and a real one.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use dosd_actors::port::testing::{Fault, MemoryStorage, Operation};
use dosd_actors::port::{Disk, Storage};

use super::{FileConfig, FileSink, Rotation};
use crate::event::Event;
use crate::sink::{Delivery, Sink};
use crate::testing::{event_id, numbered_row};

const OUT: &str = "out/verdicts.jsonl";

fn events(numbers: std::ops::Range<usize>) -> Vec<Event> {
    numbers.map(|number| Event::parse(event_id(0), numbered_row(number)).unwrap()).collect()
}

/// The rows of these numbers, as they stand in a file.
fn text(numbers: std::ops::Range<usize>) -> String {
    numbers.map(|number| numbered_row(number) + "\n").collect()
}

/// A sink whose files hold `rows` rows.
fn sink(storage: &MemoryStorage, rows: usize, keep: u32) -> FileSink {
    let rotation = Rotation { max_size_bytes: (rows * text(0..1).len()) as u64, keep };
    FileSink::new(Arc::new(storage.clone()), FileConfig { path: OUT.into(), rotation })
}

async fn send(sink: &mut FileSink, numbers: std::ops::Range<usize>) -> Delivery {
    let batch = sink.encode(&events(numbers));
    sink.send(&batch).await
}

fn content(storage: &MemoryStorage, path: &str) -> String {
    String::from_utf8(storage.bytes(Path::new(path))).unwrap()
}

fn reason(delivery: Delivery) -> String {
    let Delivery::Retry { reason } = delivery else { panic!("{delivery:?}") };
    reason
}

#[actix::test]
async fn accepted_rows_survive_power_loss() {
    let storage = MemoryStorage::default();
    let mut sink = sink(&storage, 100, 1);
    assert_eq!(send(&mut sink, 0..3).await, Delivery::Accepted);
    storage.lose_power();
    assert_eq!(content(&storage, OUT), text(0..3));
}

#[actix::test]
async fn rotation_never_splits_a_row_and_keeps_so_many_files() {
    let storage = MemoryStorage::default();
    let mut sink = sink(&storage, 2, 2);
    assert_eq!(send(&mut sink, 0..7).await, Delivery::Accepted);
    storage.lose_power();
    assert_eq!(content(&storage, OUT), text(6..7));
    assert_eq!(content(&storage, "out/verdicts.jsonl.1"), text(4..6));
    assert_eq!(content(&storage, "out/verdicts.jsonl.2"), text(2..4));
    assert_eq!(storage.paths().len(), 3, "rows 0 and 1 went with the oldest file");
}

#[actix::test]
async fn without_old_files_the_full_one_goes() {
    let storage = MemoryStorage::default();
    let mut sink = sink(&storage, 2, 0);
    assert_eq!(send(&mut sink, 0..5).await, Delivery::Accepted);
    assert_eq!(content(&storage, OUT), text(4..5));
    assert_eq!(storage.paths().len(), 1);
}

#[actix::test]
async fn a_rotation_that_was_cut_short_costs_no_file() {
    let storage = MemoryStorage::default();
    // `.1` was moved to `.2`, and then the power went.
    storage.put(Path::new("out/verdicts.jsonl.2"), b"older\n");
    storage.put(Path::new(OUT), text(0..2).as_bytes());
    let mut sink = sink(&storage, 2, 2);
    assert_eq!(send(&mut sink, 2..3).await, Delivery::Accepted);
    assert_eq!(content(&storage, OUT), text(2..3));
    assert_eq!(content(&storage, "out/verdicts.jsonl.1"), text(0..2));
    assert_eq!(content(&storage, "out/verdicts.jsonl.2"), "older\n");
}

#[actix::test]
async fn a_row_longer_than_a_file_gets_a_file_of_its_own() {
    let storage = MemoryStorage::default();
    let rotation = Rotation { max_size_bytes: 10, keep: 9 };
    let config = FileConfig { path: OUT.into(), rotation };
    let mut sink = FileSink::new(Arc::new(storage.clone()), config);
    assert_eq!(send(&mut sink, 0..3).await, Delivery::Accepted);
    assert_eq!(content(&storage, OUT), text(2..3));
    assert_eq!(content(&storage, "out/verdicts.jsonl.1"), text(1..2));
    assert_eq!(content(&storage, "out/verdicts.jsonl.2"), text(0..1));
}

#[actix::test]
async fn a_torn_tail_stands_alone() {
    let storage = MemoryStorage::default();
    storage.put(Path::new(OUT), b"{\"half\":");
    let mut sink = sink(&storage, 100, 1);
    assert_eq!(send(&mut sink, 0..1).await, Delivery::Accepted);
    // Somebody else tears it again while it is open.
    storage.append_foreign(Path::new(OUT), b"{\"ano");
    assert_eq!(send(&mut sink, 1..2).await, Delivery::Accepted);
    let expected = format!("{{\"half\":\n{}{{\"ano\n{}", text(0..1), text(1..2));
    assert_eq!(content(&storage, OUT), expected);
}

#[actix::test]
async fn a_deleted_or_moved_target_is_made_again() {
    let storage = MemoryStorage::default();
    let mut sink = sink(&storage, 100, 1);
    send(&mut sink, 0..1).await;
    storage.remove(Path::new(OUT)).unwrap();
    assert_eq!(send(&mut sink, 1..2).await, Delivery::Accepted);
    assert_eq!(content(&storage, OUT), text(1..2));
    storage.rename(Path::new(OUT), Path::new("out/elsewhere")).unwrap();
    assert_eq!(send(&mut sink, 2..3).await, Delivery::Accepted);
    assert_eq!(content(&storage, OUT), text(2..3));
    assert_eq!(content(&storage, "out/elsewhere"), text(1..2));
}

#[actix::test]
async fn a_full_disk_is_tried_again_and_no_row_is_glued() {
    let storage = MemoryStorage::default();
    let mut sink = sink(&storage, 100, 1);
    storage.fail(Operation::Append, 0, Fault::Short(text(0..1).len() + 5));
    storage.fail(Operation::Append, 0, Fault::Error(ErrorKind::StorageFull));
    let why = reason(send(&mut sink, 0..2).await);
    assert!(why.contains(OUT) && why.contains("free space in `out`"), "{why}");
    assert_eq!(send(&mut sink, 0..2).await, Delivery::Accepted);
    let written = content(&storage, OUT);
    let whole: Vec<&str> = written
        .lines()
        .filter(|line| serde_json::from_str::<serde_json::Value>(line).is_ok())
        .collect();
    assert_eq!(whole.len(), 3, "row 0 twice, row 1 once: {written}");
    assert!(written.ends_with(&text(0..2)));
}

#[actix::test]
async fn a_failed_sync_accepts_nothing() {
    let storage = MemoryStorage::default();
    let mut sink = sink(&storage, 100, 1);
    storage.fail(Operation::Sync, 0, Fault::Error(ErrorKind::Other));
    assert!(reason(send(&mut sink, 0..1).await).contains(OUT));
    assert_eq!(send(&mut sink, 0..1).await, Delivery::Accepted);
    storage.lose_power();
    assert!(content(&storage, OUT).ends_with(&text(0..1)));
}

#[actix::test]
async fn accepted_rows_survive_power_loss_before_every_step() {
    let mut steps = 0;
    loop {
        let storage = MemoryStorage::default();
        storage.stop_after(steps);
        let mut before = sink(&storage, 2, 9);
        let mut accepted = 0;
        while accepted < 6 && send(&mut before, accepted..accepted + 3).await == Delivery::Accepted
        {
            accepted += 3;
        }
        let stopped = storage.has_stopped();
        storage.lose_power();
        let mut after = sink(&storage, 2, 9);
        assert_eq!(send(&mut after, accepted..accepted + 3).await, Delivery::Accepted);
        storage.lose_power();
        let all: Vec<u8> = storage.paths().iter().flat_map(|path| storage.bytes(path)).collect();
        let all = String::from_utf8(all).unwrap();
        for number in 0..accepted + 3 {
            let row = numbered_row(number);
            assert!(all.lines().any(|line| line == row), "row {number} after {steps} steps");
        }
        if !stopped {
            break;
        }
        steps += 1;
    }
    assert!(steps > 10, "only {steps} steps on disk were cut short");
}

#[actix::test]
async fn after_an_error_the_file_is_opened_anew() {
    let storage = MemoryStorage::default();
    let mut sink = sink(&storage, 100, 1);
    storage.fail(Operation::Sync, 0, Fault::Error(ErrorKind::StaleNetworkFileHandle));
    storage.fail(Operation::Open, 1, Fault::Error(ErrorKind::PermissionDenied));
    assert!(reason(send(&mut sink, 0..1).await).contains("stale"));
    assert!(reason(send(&mut sink, 0..1).await).contains("let this user write into `out`"));
    assert_eq!(send(&mut sink, 0..1).await, Delivery::Accepted);
}

#[actix::test]
async fn on_a_real_disk_it_says_which_directory_is_missing() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("not").join("there");
    let path = missing.join("verdicts.jsonl");
    let config = FileConfig { path: path.clone(), rotation: Rotation::default() };
    let mut sink = FileSink::new(Arc::new(Disk), config);
    let why = sink.check().await.unwrap_err().to_string();
    assert!(why.contains(&format!("`{}` does not exist, create it", missing.display())), "{why}");
    assert_eq!(reason(send(&mut sink, 0..1).await), why);

    std::fs::create_dir_all(&missing).unwrap();
    assert_eq!(sink.check().await, Ok(()));
    assert_eq!(send(&mut sink, 0..2).await, Delivery::Accepted);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text(0..2));
    std::fs::remove_file(&path).unwrap();
    assert_eq!(send(&mut sink, 2..3).await, Delivery::Accepted);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text(2..3));
}
