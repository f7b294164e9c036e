//! The sink `file`.

use std::sync::Arc;

use actix::Addr;
use dosd_actors::port::Disk;
use dosd_exporters::delivery::Policy;
use dosd_exporters::file::{FileConfig, FileSink, Rotation};
use dosd_exporters::{ExporterActor, GetStatus};

use crate::support::{Daemon, drain_all, kill};

fn exporter(daemon: &Daemon, out: &str) -> Addr<ExporterActor<FileSink>> {
    let config = FileConfig { path: daemon.directory.join(out), rotation: Rotation::default() };
    daemon.exporter("audit", FileSink::new(Arc::new(Disk), config), Policy::default())
}

#[actix::test]
async fn the_file_holds_the_journals_rows_over_restarts() {
    let directory = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(directory.path());

    daemon.append(700).await;
    let first = exporter(&daemon, "out.jsonl");
    daemon.append(5).await;
    drain_all(&first).await;
    assert!(first.send(GetStatus).await.is_err(), "a drained exporter has ended");

    daemon.append(5).await;
    drain_all(&exporter(&daemon, "out.jsonl")).await;
    assert_eq!(daemon.text("out.jsonl"), daemon.text("verdict-journal.jsonl"));
    assert_eq!(daemon.text("out.jsonl").lines().count(), 710);
}

#[actix::test]
async fn w_44_a_target_without_a_directory_is_named_and_loses_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(directory.path());
    daemon.append(3).await;
    kill(&exporter(&daemon, "not/there.jsonl")).await;

    std::fs::create_dir(directory.path().join("not")).unwrap();
    drain_all(&exporter(&daemon, "not/there.jsonl")).await;
    assert_eq!(daemon.text("not/there.jsonl"), daemon.text("verdict-journal.jsonl"));
}
