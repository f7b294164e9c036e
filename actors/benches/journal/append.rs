//! Appending through the actor, on an arbiter of its own as in the daemon.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor as _, Addr, Arbiter};
use criterion::{Criterion, Throughput};
use dosd_actors::journal::{Append, JournalActor, Log};
use dosd_actors::port::{Clock as _, Disk, SystemClock};
use dosd_kernel::lane::LaneFold;

use crate::{bare, files};

/// Who appends: so many callers at once, each so many rows in one message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) callers: usize,
    pub(crate) rows: usize,
}

pub(crate) const LOADS: [Load; 5] = [
    Load { callers: 1, rows: 1 },
    Load { callers: 1, rows: 64 },
    Load { callers: 8, rows: 1 },
    Load { callers: 64, rows: 1 },
    Load { callers: 512, rows: 1 },
];

impl Load {
    pub(crate) fn name(self) -> String {
        format!("{} x {}", self.callers, self.rows)
    }

    /// Rows that can share a sync.
    pub(crate) fn batch(self) -> usize {
        self.callers * self.rows
    }
}

/// A journal actor on its own thread, with the runtime of its callers.
pub(crate) struct Fleet {
    system: actix::SystemRunner,
    arbiter: Option<Arbiter>,
    journal: Addr<JournalActor<LaneFold>>,
}

impl Fleet {
    pub(crate) fn over(directory: &Path) -> Self {
        let system = actix::System::new();
        let path = files::journal_in(directory);
        let arbiter = system.block_on(async { Arbiter::new() });
        let (sender, started) = std::sync::mpsc::channel();
        arbiter.spawn_fn(move || {
            let storage = Arc::new(Disk);
            let changes = dosd_actors::port::Storage::changes(&*storage, &path).ok();
            let log = Log::open(storage, &path).expect("the journal opens");
            let actor =
                JournalActor::<LaneFold>::new(log, Arc::new(SystemClock::new()), changes, None);
            sender.send(actor.start()).expect("somebody waits");
        });
        let journal = started.recv().expect("the actor starts");
        Self { system, arbiter: Some(arbiter), journal }
    }

    /// The time until every caller has appended `rounds` times.
    pub(crate) fn run(&self, load: Load, rounds: u64) -> Duration {
        let message = || Append { rows: (0..load.rows).map(files::row).collect() };
        let callers: Vec<Vec<Append>> =
            (0..load.callers).map(|_| (0..rounds).map(|_| message()).collect()).collect();
        self.system.block_on(async {
            let clock = SystemClock::new();
            let tasks: Vec<_> = callers
                .into_iter()
                .map(|messages| {
                    let journal = self.journal.clone();
                    actix_rt::spawn(async move {
                        for message in messages {
                            let answer = journal.send(message).await.expect("the actor lives");
                            answer.expect("the disk keeps the rows");
                        }
                    })
                })
                .collect();
            for task in tasks {
                task.await.expect("the caller ends");
            }
            clock.monotonic()
        })
    }
}

/// An actor that still follows its journal would make it again while its
/// directory is being removed.
impl Drop for Fleet {
    fn drop(&mut self) {
        if let Some(arbiter) = self.arbiter.take() {
            arbiter.stop();
            // A panic over there is reported over there.
            let _ = arbiter.join();
        }
    }
}

/// Each load, and the bare loop beside it.
pub(crate) fn measure(criterion: &mut Criterion) {
    let directory = files::directory();
    let fleet = Fleet::over(directory.path());
    let mut group = criterion.benchmark_group("append");
    group.sample_size(20).measurement_time(Duration::from_secs(3));
    for load in LOADS {
        group.throughput(Throughput::Elements(load.batch() as u64));
        group.bench_function(format!("actor/{}", load.name()), |bencher| {
            bencher.iter_custom(|rounds| fleet.run(load, rounds));
        });
        let (lines, path) = (files::lines(load.batch()), directory.path().join("bare"));
        group.bench_function(format!("bare/{}", load.name()), |bencher| {
            bencher.iter_custom(|rounds| bare::run(&path, &lines, rounds));
        });
    }
    group.finish();
}
