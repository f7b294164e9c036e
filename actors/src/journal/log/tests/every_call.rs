//! Every fault at every call of what a writer does, and every crash after it: no acknowledged
//! row is lost, nothing is acknowledged after a failed sync, and the fold is what the file says.

use dosd_kernel::Map;
use dosd_kernel::invariant::{self, acknowledged_rows_stay};
use dosd_kernel::lane::{Docket, HolderProcess, Matter, Ruling};
use dosd_kernel::stamp;

use super::compact::{busy_month, try_compact};
use super::replaced::checkpoint;
use super::*;
use crate::canary::Canary;
use crate::journal::mutex::{LeaseHold, LeaseMutex, LockOwner};
use crate::port::testing::canary::is_caught;
use crate::port::testing::{TestClock, Tried, at_every_call};

/// What a scenario leaves behind.
#[derive(Default)]
struct Told {
    /// The rows whose writers were answered.
    acknowledged: Vec<Map>,
}

impl Told {
    /// Appends as a caller does, and notes what was acknowledged.
    fn append(&mut self, storage: &MemoryStorage, log: &mut Log<LaneFold>, rows: &[Value]) {
        let done = append(log, rows);
        assert!(
            done.is_err() || storage.failed_syncs() == 0,
            "acknowledged after a sync that failed"
        );
        if done.is_ok() {
            self.acknowledged.extend(rows.iter().filter_map(Value::as_object).cloned());
        }
    }
}

/// Whoever can still read sees what is there.
fn look(storage: &MemoryStorage, log: &mut Log<LaneFold>) {
    if log.follow().is_ok() && log.follow().is_ok() {
        assert_in_step(log, storage);
    }
}

/// Everything that a journal's files hold, archives too.
fn everywhere(storage: &MemoryStorage) -> Vec<u8> {
    let is_journal = |path: &&std::path::PathBuf| path.extension() == journal().extension();
    let paths = storage.paths();
    let mut all = Vec::new();
    for path in paths.iter().filter(is_journal) {
        all.extend(storage.bytes(path));
        // What follows a torn end is the next file.
        all.push(b'\n');
    }
    all
}

/// The next writer finds every acknowledged row, and a fold that is what the file says.
fn sound(disk: &MemoryStorage, told: &Told) -> Log<LaneFold> {
    let mut log = open(disk).unwrap();
    let rows = invariant::rows(&everywhere(disk));
    assert_eq!(acknowledged_rows_stay(&rows, &told.acknowledged), []);
    append(&mut log, &[acquire(99)]).unwrap();
    assert!(lanes(log.fold()).contains(&"lane-99".to_owned()));
    assert_in_step(&log, disk);
    log
}

/// A new journal: ours alone, beside a fragment, beside others, one row and many.
fn appends(storage: &MemoryStorage) -> Told {
    let mut told = Told::default();
    let Ok(mut log) = open(storage) else { return told };
    told.append(storage, &mut log, &[acquire(1)]);
    storage.append_foreign(journal(), b"{\"op\":\"ENFORCE\"");
    told.append(storage, &mut log, &[acquire(2), release(1)]);
    storage.append_foreign(journal(), &foreign(acquire(3), 3));
    told.append(storage, &mut log, &[acquire(4)]);
    let many: Vec<_> = (10..30).map(acquire).collect();
    told.append(storage, &mut log, &many);
    look(storage, &mut log);
    told.append(storage, &mut log, &[release(4)]);
    look(storage, &mut log);
    told
}

fn appends_at_every_call() -> Tried {
    at_every_call(MemoryStorage::default, appends, |disk, told, _| drop(sound(disk, told)))
}

#[test]
fn appending() {
    let tried = appends_at_every_call();
    assert!(tried.calls > 30 && tried.runs > 300 && tried.crashes > 1500, "{tried:?}");
}

#[test]
fn canaries_of_appending_are_caught() {
    for canary in [
        Canary::AcknowledgeUnsynced,
        Canary::AskSyncAgain,
        Canary::GlueTornTail,
        Canary::ForgetOwnRows,
    ] {
        assert!(is_caught(canary, || assert!(appends_at_every_call().runs > 0)), "{canary:?}");
    }
}

/// Takes a lane that nobody has.
struct Take(usize);

impl Matter for Take {
    type Answer = Option<Value>;

    fn rule(self, docket: &Docket<'_>) -> Ruling<Self::Answer> {
        let row = acquire(self.0);
        if docket.lanes.leases().any(|lease| lease.lane() == row["lane"]) {
            return Ruling::silent(None);
        }
        Ruling { rows: vec![draft(&row)], answer: Some(row) }
    }
}

/// Rulings that share a sync, beside others who write, and who rename a file over ours.
fn rulings(storage: &MemoryStorage) -> Told {
    let mut told = Told::default();
    let Ok(mut log) = open(storage) else { return told };
    for round in 0..3 {
        let Some(hold) = hold(storage) else { continue };
        let mut ruled = Vec::new();
        let lanes = [1, 10 * round + 3, 10 * round + 4, 10 * round + 3, 10 * round + 5];
        for (turn, lane) in lanes.into_iter().enumerate() {
            match (round, turn) {
                (0, 3) => storage.put(journal(), &checkpoint(&[1, 2], 2)),
                (1, 2) => storage.append_foreign(journal(), b"{\"op\":\"ENFORCE\""),
                (2, 2) => storage.append_foreign(journal(), &foreign(acquire(50), 60)),
                _ => {}
            }
            let answer = log.rule_unsettled(&hold, Take(lane), 0, &|_| HolderProcess::MayLive);
            ruled.extend(answer.ok().flatten());
        }
        let settled = log.settle();
        assert!(settled.is_err() || storage.failed_syncs() == 0, "told after a sync that failed");
        if settled.is_ok() {
            told.acknowledged.extend(ruled.iter().filter_map(Value::as_object).cloned());
        }
        drop(hold);
        look(storage, &mut log);
    }
    told
}

fn hold(storage: &MemoryStorage) -> Option<LeaseHold> {
    let clock = TestClock::at(stamp::parse_ms("2026-03-01T12:00:00Z").unwrap());
    let path = journal().with_file_name(".lane-lease.lock");
    let owner = LockOwner::new("h", 1, 2);
    let mutex = LeaseMutex::new(Arc::new(storage.clone()), Arc::new(clock), path, owner);
    mutex.try_take().ok().flatten()
}

fn rulings_at_every_call() -> Tried {
    at_every_call(two_rows, rulings, |disk, told, _| drop(sound(disk, told)))
}

#[test]
fn ruling() {
    let tried = rulings_at_every_call();
    assert!(tried.calls > 30 && tried.runs > 300 && tried.crashes > 1500, "{tried:?}");
}

#[test]
fn canaries_of_rulings_are_caught() {
    for canary in [Canary::AcknowledgeUnsynced, Canary::AcknowledgeBeforeSync] {
        assert!(is_caught(canary, || assert!(rulings_at_every_call().runs > 0)), "{canary:?}");
    }
}

/// Compactions between appends, and a writer who still has the old file open.
fn compactions(storage: &MemoryStorage) -> Told {
    let mut told = Told::default();
    let Ok(mut log) = open(storage) else { return told };
    let late = storage.foreign_handle(journal());
    told.append(storage, &mut log, &[acquire(3)]);
    let done = try_compact(storage, &mut log);
    assert!(
        done.is_none_or(|done| done.is_err()) || storage.failed_syncs() == 0,
        "compacted after a failed sync"
    );
    if let Some(late) = late {
        late.append(&foreign(acquire(5), 90));
    }
    told.append(storage, &mut log, &[acquire(4)]);
    look(storage, &mut log);
    drop(try_compact(storage, &mut log));
    told.append(storage, &mut log, &[release(3)]);
    look(storage, &mut log);
    told
}

/// A journal with something of every kind on disk, and nobody at it.
fn old_rows() -> MemoryStorage {
    let storage = MemoryStorage::default();
    append(&mut open(&storage).unwrap(), &busy_month()[..18]).unwrap();
    storage
}

#[test]
fn compacting() {
    let tried = at_every_call(old_rows, compactions, |disk, told, _| {
        let log = sound(disk, told);
        let held = lanes(log.fold());
        assert!(held.contains(&"lane-1".to_owned()), "{held:?}");
        assert_eq!(log.fold().open_runs().count(), 1);
        let standing = String::from_utf8_lossy(&everywhere(disk)).into_owned();
        for seq in 1..=18 {
            let number = format!("\"seq\":{seq}");
            assert!(
                [",", "}"].iter().any(|end| standing.contains(&(number.clone() + end))),
                "row {seq} is gone"
            );
        }
    });
    assert!(tried.calls > 40 && tried.runs > 400, "{tried:?}");
}

/// The peer renames a new file over ours, and another writer is late, twice.
fn replacements(storage: &MemoryStorage) -> (Told, Option<usize>) {
    let mut told = Told::default();
    let Ok(mut log) = open(storage) else { return (told, None) };
    let late = storage.foreign_handle(journal());
    storage.put(journal(), &checkpoint(&[1, 2], 2));
    if let Some(late) = &late {
        late.append(&foreign(acquire(5), 3));
    }
    told.append(storage, &mut log, &[acquire(3)]);
    look(storage, &mut log);
    if let Some(late) = &late {
        late.append(&foreign(acquire(6), 4));
    }
    look(storage, &mut log);
    // Whatever failed once works now: the late rows are where they belong.
    let saved = (log.follow().is_ok() && log.follow().is_ok())
        .then(|| ["lane-5", "lane-6"].iter().filter(|lane| holds(&log, lane)).count());
    (told, saved)
}

fn two_rows() -> MemoryStorage {
    let storage = MemoryStorage::default();
    append(&mut open(&storage).unwrap(), &[acquire(1), acquire(2)]).unwrap();
    storage
}

fn holds(log: &Log<LaneFold>, lane: &str) -> bool {
    lanes(log.fold()).iter().any(|held| held == lane)
}

#[test]
fn being_replaced() {
    let tried = at_every_call(two_rows, replacements, |disk, (told, saved), trial| {
        drop(sound(disk, told));
        assert!(saved.is_none_or(|saved| saved == 2), "a late row is lost: {trial:?}");
    });
    assert!(tried.calls > 30 && tried.runs > 300, "{tried:?}");
}
