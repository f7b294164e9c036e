//! Everything that is not the daemon: the disk, the machine, the sinks, and others who use
//! the same workspace. It outlives every daemon of a run.

pub(crate) mod clock;
pub(crate) mod disk;
pub(crate) mod foreign;
pub(crate) mod life;
pub(crate) mod machine;
pub(crate) mod sink;
mod surface;
mod worker;

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use dosd_actors::journal::{EventId, FileIdentity};
use dosd_actors::port::Storage as _;
use dosd_actors::port::testing::{FakeRepository, MemoryStorage};
use dosd_actors::reach::Reach;
use dosd_actors::witness::{Claim, SharedSurface};
use dosd_kernel::Map;
use dosd_kernel::invariant::{self, Exported, Row};
use dosd_kernel::lines;

use crate::trace::Trace;
use clock::SimClock;
use disk::DiskFaults;
use machine::Machine;
use sink::Receiver;
use surface::Orders;
use worker::Ground;

/// The journal of lanes.
pub(crate) const LANES: &str = "/w/.dos/lane-journal.jsonl";
/// The journal of verdicts.
pub(crate) const VERDICTS: &str = "/w/.dos/verdict-journal.jsonl";
/// The lock file of the lane leases.
pub(crate) const LOCK: &str = "/w/.dos/.lane-lease.lock";
/// Cursors and dead letters.
pub(crate) const EXPORTERS: &str = "/w/.dos/exporters";

/// When every run begins: 2026-11-22T00:00:00Z.
pub(crate) const START_MS: i64 = 1_795_305_600_000;

/// Rows that somebody was told are on disk, by journal.
#[derive(Clone, Default)]
pub(crate) struct Acknowledged {
    rows: Arc<Mutex<Vec<(&'static str, Map)>>>,
}

impl Acknowledged {
    pub(crate) fn add(&self, journal: &'static str, row: Map) {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner).push((journal, row));
    }

    fn of(&self, journal: &str) -> Vec<Map> {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        rows.iter().filter(|(of, _)| *of == journal).map(|(_, row)| row.clone()).collect()
    }
}

/// The world of one run. Clones share it.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) trace: Trace,
    pub(crate) clock: SimClock,
    pub(crate) disk: MemoryStorage,
    pub(crate) disk_faults: DiskFaults,
    pub(crate) machine: Machine,
    pub(crate) repository: FakeRepository,
    pub(crate) receivers: Vec<Receiver>,
    pub(crate) acknowledged: Acknowledged,
    orders: Orders,
    door: Arc<Mutex<Option<Reach<Claim>>>>,
    numbers: Arc<AtomicU64>,
}

impl World {
    pub(crate) fn new(trace: Trace, random: &mut fastrand::Rng) -> Self {
        let disk = MemoryStorage::default();
        let receivers = ["alpha", "beta"].map(|name| Receiver::new(name, trace.clone()));
        Self {
            clock: SimClock::at(START_MS),
            disk_faults: DiskFaults::default(),
            machine: Machine::new(disk.clone(), trace.clone(), random.fork()),
            repository: FakeRepository::default(),
            receivers: receivers.into(),
            acknowledged: Acknowledged::default(),
            orders: Orders::new(disk.clone()),
            door: Arc::default(),
            numbers: Arc::default(),
            disk,
            trace,
        }
    }

    /// The surface that claims are checked against.
    pub(crate) fn surface(&self) -> SharedSurface {
        Arc::new(self.orders.clone())
    }

    /// From now on nobody can read the surface, or everybody again.
    pub(crate) fn set_surface_broken(&self, is_broken: bool) {
        self.orders.set_broken(is_broken);
    }

    /// What workers find.
    pub(crate) fn ground(&self) -> Ground {
        Ground { orders: self.orders.clone(), door: Arc::clone(&self.door) }
    }

    /// A daemon opens its socket, or is gone.
    pub(crate) fn open_door(&self, door: Option<Reach<Claim>>) {
        *self.door.lock().unwrap_or_else(PoisonError::into_inner) = door;
    }

    /// A number that nobody else got.
    pub(crate) fn next_number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The rows of a journal, those in the segments that compactions left among them.
    pub(crate) fn all_rows(&self, journal: &str) -> Vec<Row> {
        let stem = journal.trim_end_matches("jsonl");
        let segments = self.disk.paths().into_iter().filter(|path| {
            let name = path.to_string_lossy();
            name.starts_with(stem) && name.ends_with(".jsonl")
        });
        segments.flat_map(|path| invariant::rows(&self.disk.bytes(&path))).collect()
    }

    /// Everything that always holds.
    pub(crate) fn check_all(&self) {
        for journal in [LANES, VERDICTS] {
            let rows = self.all_rows(journal);
            let acknowledged = self.acknowledged.of(journal);
            self.trace.violated(invariant::acknowledged_rows_stay(&rows, &acknowledged));
        }
        self.check();
    }

    /// What always holds of the lanes.
    pub(crate) fn check(&self) {
        let rows = invariant::rows(&self.disk.bytes(Path::new(LANES)));
        self.trace.violated(invariant::one_holder(&rows, |_| true));
        self.trace.violated(invariant::one_worker(&rows, "dosd", |_| true));
        self.trace.violated(invariant::runs_in_order(&rows));
        let processes = self.machine.processes();
        self.trace.violated(invariant::processes_are_known(&rows, &processes, false));
    }

    /// The events of the verdict journal, as an exporter without a filter sends them.
    pub(crate) fn events(&self) -> Vec<Exported> {
        let path = Path::new(VERDICTS);
        let bytes = self.disk.bytes(path);
        let Ok(Some(stat)) = self.disk.stat(path) else { return Vec::new() };
        let first = lines::split(&bytes).next().filter(|line| line.terminated);
        let file = FileIdentity::of(stat.inode, first.map(|line| line.bytes));
        let rows = lines::split(&bytes).filter(|line| line.terminated).filter_map(|line| {
            let row = lines::text(line.bytes).into_owned();
            let is_row = serde_json::from_str::<Map>(row.trim()).is_ok();
            let id = EventId::new(file, line.offset as u64).to_string();
            is_row.then_some(Exported { id, row })
        });
        rows.collect()
    }
}
