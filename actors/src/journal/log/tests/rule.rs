//! Rulings: read, decide, prove, write.

use dosd_kernel::lane::{Docket, HolderProcess, Matter, Ruling};
use dosd_kernel::stamp;

use super::*;
use crate::journal::error::JournalErrorKind;
use crate::journal::mutex::{LeaseHold, LeaseMutex, LockOwner};
use crate::port::testing::TestClock;

/// Takes the lane of a number if nobody has it, after a while.
struct Take {
    lane: usize,
    clock: TestClock,
    after_ms: i64,
}

impl Matter for Take {
    type Answer = bool;

    fn rule(self, docket: &Docket<'_>) -> Ruling<bool> {
        self.clock.jump_ms(self.after_ms);
        let lane = format!("lane-{}", self.lane);
        if docket.lanes.leases().any(|lease| lease.lane() == lane) {
            Ruling::silent(false)
        } else {
            Ruling { rows: vec![draft(&acquire(self.lane))], answer: true }
        }
    }
}

struct Scene {
    storage: MemoryStorage,
    clock: TestClock,
    log: Log<LaneFold>,
}

impl Scene {
    fn new() -> Self {
        let storage = MemoryStorage::default();
        let clock = TestClock::at(stamp::parse_ms("2026-03-01T12:00:00Z").unwrap());
        Self { log: open(&storage).unwrap(), storage, clock }
    }

    fn hold(&self) -> LeaseHold {
        let owner = LockOwner::new("h", 1, 2);
        let path = journal().with_file_name(".lane-lease.lock");
        let (storage, clock) = (Arc::new(self.storage.clone()), Arc::new(self.clock.clone()));
        LeaseMutex::new(storage, clock, path, owner).try_take().unwrap().unwrap()
    }

    fn take(&mut self, hold: &LeaseHold, lane: usize, after_ms: i64) -> Result<bool, JournalError> {
        let clock = self.clock.clone();
        self.log.rule(hold, Take { lane, clock, after_ms }, 0, &|_| HolderProcess::MayLive)
    }
}

fn is_busy(outcome: &Result<bool, JournalError>) -> bool {
    matches!(outcome, Err(JournalError { kind: JournalErrorKind::Busy { .. }, .. }))
}

#[tokio::test(start_paused = true)]
async fn decides_on_what_is_there_and_not_on_what_was() {
    let mut scene = Scene::new();
    let hold = scene.hold();
    assert_eq!(scene.take(&hold, 1, 0), Ok(true));
    assert_eq!(scene.take(&hold, 1, 0), Ok(false));
    scene.storage.append_foreign(journal(), &foreign(acquire(2), 9));
    assert_eq!(scene.take(&hold, 2, 0), Ok(false), "somebody else was faster");
    assert_eq!(seqs(&scene.storage), [1, 9], "a refusal without rows writes nothing");
}

#[tokio::test(start_paused = true)]
async fn w_1_a_ruling_after_a_torn_line_stands_and_is_the_only_one() {
    let mut scene = Scene::new();
    scene.storage.append_foreign(journal(), &foreign(acquire(1), 1)[..40]);
    let hold = scene.hold();
    assert_eq!(scene.take(&hold, 1, 0), Ok(true));
    assert_eq!(scene.take(&hold, 1, 0), Ok(false));
    scene.storage.lose_power();
    assert_eq!(lanes(&on_disk(&scene.storage)), ["lane-1"]);
}

#[tokio::test(start_paused = true)]
async fn w_4_a_holder_that_was_paused_past_the_time_to_live_writes_nothing() {
    // Paused before it looked, and between the look and the write.
    for (before_ms, meanwhile_ms) in [(290_000, 0), (0, 290_000), (150_000, 150_000)] {
        let mut scene = Scene::new();
        let hold = scene.hold();
        scene.clock.jump_ms(before_ms);
        let outcome = scene.take(&hold, 1, meanwhile_ms);
        assert!(is_busy(&outcome), "{outcome:?}");
        assert!(scene.storage.bytes(journal()).is_empty());
    }
    let mut scene = Scene::new();
    let hold = scene.hold();
    assert_eq!(scene.take(&hold, 1, 280_000), Ok(true), "in time it is granted");
}

#[tokio::test(start_paused = true)]
async fn w_4_a_holder_whose_lock_was_stolen_writes_nothing() {
    let mut scene = Scene::new();
    let hold = scene.hold();
    let lock = journal().with_file_name(".lane-lease.lock");
    scene.storage.put(&lock, b"owner: thief\nacquired_at: 2026-03-01T12:00:01Z\npid: 9\n");
    assert!(is_busy(&scene.take(&hold, 1, 0)));
    assert!(scene.storage.bytes(journal()).is_empty());
}

#[test]
fn w_13_what_an_append_reads_does_not_grow_with_the_journal() {
    let reads = |rows: usize| {
        let storage = MemoryStorage::default();
        let mut log = open(&storage).unwrap();
        let many: Vec<_> = (0..rows).map(acquire).collect();
        append(&mut log, &many).unwrap();
        let before = storage.bytes_read();
        append(&mut log, &[acquire(7)]).unwrap();
        storage.bytes_read() - before
    };
    let (few, many) = (reads(10), reads(5000));
    assert_eq!(few, many);
    assert!(many < 1000, "{many} bytes are read for one row");
}

#[test]
fn w_11_a_new_journal_is_there_after_a_loss_of_power() {
    let storage = MemoryStorage::default();
    append(&mut open(&storage).unwrap(), &[acquire(1)]).unwrap();
    storage.lose_power();
    assert_eq!(lanes(&on_disk(&storage)), ["lane-1"], "its name was made durable, too");
}
