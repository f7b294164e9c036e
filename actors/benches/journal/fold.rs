//! Folding a long journal from disk, and appending to it afterwards.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, Throughput};
use dosd_actors::journal::Log;
use dosd_actors::port::Disk;
use dosd_kernel::lane::LaneFold;

use crate::files;

const LONG: usize = 1_000_000;

fn opened(directory: &Path) -> Log<LaneFold> {
    Log::open(Arc::new(Disk), &files::journal_in(directory)).expect("the journal opens")
}

pub(crate) fn measure(criterion: &mut Criterion) {
    let (short, long) = (with_rows(100), with_rows(LONG));
    let mut group = criterion.benchmark_group("fold");
    group.sample_size(10).throughput(Throughput::Elements(LONG as u64));
    group.bench_function("from disk", |bencher| bencher.iter(|| opened(long.path()).fold().rows()));
    group.finish();

    let mut group = criterion.benchmark_group("append to a journal of");
    group.sample_size(20).measurement_time(Duration::from_secs(3));
    for (name, directory) in [("100 rows", &short), ("1,000,000 rows", &long)] {
        let mut journal = opened(directory.path());
        let rows = [files::row(0)];
        group.bench_function(name, |bencher| {
            bencher.iter(|| journal.append(&rows).expect("the disk keeps the row"));
        });
    }
    group.finish();
}

/// A journal of so many rows, of about 200 bytes.
fn with_rows(count: usize) -> tempfile::TempDir {
    let directory = files::directory();
    let mut content = Vec::new();
    for number in 0..count {
        let lane = number % 50;
        content.extend_from_slice(
            format!(
                "{{\"heartbeat_at\":\"2026-11-22T19:31:25Z\",\"host_id\":\"build-host.internal\",\
                 \"lane\":\"lane-{lane}\",\"loop_ts\":\"2026-11-22T18:00:00Z\",\"op\":\"HEARTBEAT\",\
                 \"seq\":{},\"ts\":\"2026-11-22T19:{:02}:{:02}Z\"}}\n",
                number + 1,
                number / 60 % 60,
                number % 60
            )
            .as_bytes(),
        );
    }
    let path = files::journal_in(directory.path());
    std::fs::write(&path, content).expect("the disk has room");
    // What is left to write would be counted as the first appends' time.
    std::fs::File::open(&path).and_then(|file| file.sync_all()).expect("the disk has room");
    directory
}
