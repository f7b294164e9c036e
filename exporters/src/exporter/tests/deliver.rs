//! What reaches the sink, in which order, in which portions.

use std::collections::BTreeSet;
use std::time::Duration;

use dosd_kernel::verdict::Severity;

use super::{SECOND, rows};
use crate::sink::Limits;
use crate::testing::{NOW_MS, World, about, drain_all, pass, status, verdict_row};
use crate::{Filter, PAGE_BYTES, PAGE_ROWS, Phase};

#[actix::test]
async fn every_event_is_sent_in_journal_order() {
    let world = World::new();
    world.journal.append(rows(3));
    let exporter = world.start();
    world.script.sends(1).await;
    world.journal.append(rows(2));
    drain_all(&exporter).await;
    let expected: Vec<String> = (0..5).map(|index| world.journal.id(index)).collect();
    assert_eq!(world.script.ids(), expected);
    assert_eq!(world.saved().await.unwrap().cursor, world.journal.after(5));
}

#[actix::test]
async fn the_doorbell_wakes_a_resting_exporter_at_once() {
    let world = World::new();
    let exporter = world.start();
    world.cursor_at(world.journal.after(0)).await;
    // Two ticks of rest, and then a row between two ticks.
    pass(Duration::from_millis(12_300)).await;
    world.journal.append(rows(1));
    assert_eq!(about(&world.script.sends(1).await), [12_300]);
    drain_all(&exporter).await;
}

#[actix::test]
async fn a_hundred_thousand_events_go_out_in_bounded_batches() {
    let world = World::new();
    world.journal.append(rows(100_000));
    let exporter = world.start();
    drain_all(&exporter).await;
    let sent = world.script.sent();
    assert_eq!(sent.iter().map(|sent| sent.ids.len()).sum::<usize>(), 100_000);
    assert!(sent.iter().all(|sent| sent.ids.len() <= PAGE_ROWS));
    let (most_rows, most_bytes) = world.journal.largest_page();
    assert!(most_rows <= PAGE_ROWS && most_bytes <= PAGE_BYTES);
    assert_eq!(world.script.ids().last(), Some(&world.journal.id(99_999)));
    assert_eq!(world.saved().await.unwrap().cursor, world.journal.after(100_000));
}

#[actix::test]
async fn large_rows_are_read_a_mebibyte_at_a_time() {
    let world = World::new();
    let long = "x".repeat(300_000);
    world.journal.append((0..8).map(|_| verdict_row(&long, "OPEN")));
    let exporter = world.start();
    drain_all(&exporter).await;
    assert!(world.journal.largest_page().1 <= PAGE_BYTES);
    assert_eq!(world.script.ids().len(), 8);
}

#[actix::test]
async fn a_sinks_own_limits_are_kept() {
    let world = World::new();
    world.script.set_limits(Limits { events: 2, ..Limits::default() });
    world.journal.append(rows(5));
    let exporter = world.start();
    drain_all(&exporter).await;
    let sizes: Vec<usize> = world.script.sent().iter().map(|sent| sent.ids.len()).collect();
    assert_eq!(sizes, [2, 2, 1]);
}

#[actix::test]
async fn filtered_events_are_not_sent_and_move_the_cursor() {
    let mut world = World::new();
    world.filter = Filter {
        min_severity: Severity::Warn,
        syscalls: Some(BTreeSet::from(["liveness".to_owned()])),
    };
    world.journal.append([
        verdict_row("liveness", "ADVANCING"),
        verdict_row("liveness", "STALLED"),
        verdict_row("verify", "NOT_SHIPPED"),
    ]);
    let exporter = world.start();
    world.cursor_at(world.journal.after(3)).await;
    assert_eq!(world.script.ids(), [world.journal.id(1)]);
    assert_eq!(status(&exporter).await.left_out, 2);

    world.journal.append([verdict_row("verify", "PASS")]);
    world.cursor_at(world.journal.after(4)).await;
    assert_eq!(world.script.ids().len(), 1);
    assert_eq!(world.saved().await.unwrap().event_id, Some(world.journal.id(1)));
    drain_all(&exporter).await;
}

#[actix::test]
async fn a_rewritten_journal_is_sent_from_its_first_event() {
    let world = World::new();
    world.journal.append(rows(2));
    let exporter = world.start();
    world.cursor_at(world.journal.after(2)).await;
    let old = world.script.ids();
    world.journal.rewrite(rows(3));
    world.cursor_at(world.journal.after(3)).await;
    let new: Vec<String> = (0..3).map(|index| world.journal.id(index)).collect();
    assert_eq!(world.script.ids(), [old.clone(), new.clone()].concat());
    assert!(old.iter().all(|id| !new.contains(id)), "ids name the file too");
    assert_eq!(status(&exporter).await.rewritten, 1);
    drain_all(&exporter).await;
}

#[actix::test]
async fn events_gather_before_they_are_read() {
    let world = World::new();
    world.script.set_limits(Limits { gather: 5 * SECOND, ..Limits::default() });
    let exporter = world.start();
    pass(SECOND).await;
    world.journal.append(rows(1));
    pass(2 * SECOND).await;
    world.journal.append(rows(1));
    assert_eq!(about(&world.script.sends(1).await), [6000]);
    assert_eq!(world.script.ids().len(), 2);
    drain_all(&exporter).await;
}

#[actix::test]
async fn the_status_counts_what_happened() {
    let world = World::new();
    world.journal.append(rows(4));
    world.clock.jump_ms(2500);
    let exporter = world.start();
    world.cursor_at(world.journal.after(4)).await;
    let status = status(&exporter).await;
    assert_eq!((status.sent, status.retried, status.dead_lettered), (4, 0, 0));
    assert_eq!(status.last_success_ms, Some(NOW_MS + 2500));
    assert_eq!(status.last_event_id, Some(world.journal.id(3)));
    drain_all(&exporter).await;
}

#[actix::test]
async fn a_sink_that_cannot_be_reached_at_first_is_named_and_still_used() {
    let world = World::new();
    world.script.set_unhealthy("connection refused");
    world.journal.append(rows(1));
    let exporter = world.start();
    world.cursor_at(world.journal.after(1)).await;
    let status = status(&exporter).await;
    assert_eq!(status.unhealthy.as_deref(), Some("connection refused"));
    assert_eq!(status.sent, 1);
    assert_ne!(status.phase, Phase::Starting);
    drain_all(&exporter).await;
}
