//! The sink `file`.

use std::sync::Arc;

use dosd_actors::port::Disk;
use dosd_exporters::file::{FileConfig, FileSink, Rotation};

use crate::exporter;

const GOAL_PER_S: f64 = 300_000.0;

/// Catches up and prints how fast.
pub(crate) fn run(events: usize) {
    exporter::run("file", GOAL_PER_S, events, |directory| {
        let path = directory.join("verdicts.jsonl");
        FileSink::new(Arc::new(Disk), FileConfig { path, rotation: Rotation::default() })
    });
}
