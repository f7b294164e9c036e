//! Draining: what is delivered before the end, and what is left to the cursor.

use std::time::Duration;

use dosd_actors::guard::Ended;

use super::{SECOND, retry, rows};
use crate::sink::{Delivery, Limits};
use crate::testing::{Answer, World, about, drain};
use crate::{DrainEnd, Drained};

#[actix::test]
async fn a_drain_delivers_what_the_journal_holds_and_ends() {
    let mut world = World::new();
    let exporter = world.start();
    world.cursor_at(world.journal.after(0)).await;
    // Two pages, behind a resting exporter.
    world.journal.append(rows(1000));
    let drained = drain(&exporter, 10 * SECOND).await;
    assert_eq!(drained, Drained { end: DrainEnd::CaughtUp, behind_bytes: 0 });
    assert_eq!(world.script.ids().len(), 1000);
    assert_eq!(world.ended().await, Ended::Stopped);
}

#[actix::test]
async fn a_drain_with_a_cursor_ahead_of_the_journal_sends_what_the_journal_holds() {
    let world = World::new();
    world.journal.append(rows(3));
    let exporter = world.start();
    assert_eq!(drain(&exporter, 10 * SECOND).await.end, DrainEnd::CaughtUp);
    world.journal.cut_after(2);
    let exporter = world.start();
    let drained = drain(&exporter, 10 * SECOND).await;
    assert_eq!(drained, Drained { end: DrainEnd::CaughtUp, behind_bytes: 0 });
    assert_eq!(world.script.ids().len(), 3 + 2);
    assert_eq!(world.saved().await.unwrap().cursor, world.journal.after(2));
}

#[actix::test]
async fn a_drain_does_not_let_events_gather() {
    let world = World::new();
    world.script.set_limits(Limits { gather: 60 * SECOND, ..Limits::default() });
    let exporter = world.start();
    world.cursor_at(world.journal.after(0)).await;
    world.journal.append(rows(1));
    let drained = drain(&exporter, 10 * SECOND).await;
    assert_eq!(drained.end, DrainEnd::CaughtUp);
    assert_eq!(about(&world.script.sends(1).await), [0]);
}

#[actix::test]
async fn a_drain_gives_up_at_its_deadline_and_the_cursor_keeps_the_rest() {
    let world = World::new();
    world.script.set_limits(Limits { events: 1, ..Limits::default() });
    world.script.then([Answer::Say(Delivery::Accepted), Answer::Hang]);
    world.journal.append(rows(3));
    let exporter = world.start();
    world.script.sends(2).await;
    let before = tokio::time::Instant::now();
    let drained = drain(&exporter, 10 * SECOND).await;
    assert_eq!(about(&[before.elapsed().as_millis()]), [10_000]);
    let left = world.journal.after(3).offset - world.journal.after(1).offset;
    assert_eq!(drained, Drained { end: DrainEnd::GaveUp, behind_bytes: left });
    assert_eq!(world.saved().await.unwrap().cursor, world.journal.after(1));
}

#[actix::test]
async fn a_wait_longer_than_the_drain_is_not_waited_for() {
    let world = World::new();
    let delay = Some(60 * SECOND);
    world.script.then([Answer::Say(Delivery::Throttled { delay, reason: "429".to_owned() })]);
    world.journal.append(rows(1));
    let exporter = world.start();
    world.script.sends(1).await;
    let before = tokio::time::Instant::now();
    assert_eq!(drain(&exporter, 10 * SECOND).await.end, DrainEnd::GaveUp);
    assert_eq!(before.elapsed(), Duration::ZERO);
}

#[actix::test]
async fn a_wait_that_the_drain_has_time_for_is_kept() {
    let world = World::new();
    world.script.then([retry(), retry()]);
    world.journal.append(rows(1));
    let exporter = world.start();
    assert_eq!(drain(&exporter, 10 * SECOND).await.end, DrainEnd::CaughtUp);
    assert_eq!(world.script.sent().len(), 3);
}

#[actix::test]
async fn rows_that_come_after_the_order_are_left_to_the_next_start() {
    let world = World::new();
    world.journal.append(rows(1));
    let exporter = world.start();
    // A writer that keeps pace with the exporter must not keep it from ending.
    let (journal, script) = (world.journal.clone(), world.script.clone());
    let writer = actix::spawn(async move {
        for send in 1..200 {
            script.sends(send).await;
            journal.append(rows(1));
        }
    });
    assert_eq!(drain(&exporter, 600 * SECOND).await.end, DrainEnd::CaughtUp);
    assert!(world.script.sent().len() < 10, "{} sends", world.script.sent().len());
    writer.abort();
}

#[actix::test]
async fn without_a_journal_a_drain_gives_up() {
    let world = World::new();
    world.lose_journal();
    let exporter = world.start();
    assert_eq!(drain(&exporter, 5 * SECOND).await.end, DrainEnd::GaveUp);
}
