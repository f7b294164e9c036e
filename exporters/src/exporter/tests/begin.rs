//! Where an exporter begins, and with what it goes on after a restart.

use std::path::Path;

use super::{SECOND, rows};
use crate::StartFrom;
use crate::testing::{World, about, drain_all, pass, status};

#[actix::test]
async fn a_new_exporter_begins_at_the_end_and_keeps_that_place() {
    let mut world = World::new();
    world.from = StartFrom::End;
    world.journal.append(rows(2));
    let exporter = world.start();
    drain_all(&exporter).await;
    assert_eq!(world.script.sent(), []);
    assert_eq!(world.saved().await.unwrap().cursor, world.journal.after(2));

    // Written while no exporter runs.
    world.journal.append(rows(1));
    let exporter = world.start();
    drain_all(&exporter).await;
    assert_eq!(world.script.ids(), [world.journal.id(2)]);
}

#[actix::test]
async fn from_start_sends_all_of_it_and_a_restart_nothing_again() {
    let world = World::new();
    world.journal.append(rows(3));
    for _ in 0..2 {
        let exporter = world.start();
        drain_all(&exporter).await;
    }
    assert_eq!(world.script.ids().len(), 3);
}

#[actix::test]
async fn an_unreadable_cursor_is_kept_aside_and_the_journal_sent_from_its_start() {
    let mut world = World::new();
    world.from = StartFrom::End;
    world.journal.append(rows(3));
    let path = Path::new("exporters/oncall.json");
    world.storage.put(path, b"{\"offset\": 12");
    let exporter = world.start();
    world.cursor_at(world.journal.after(3)).await;
    assert_eq!(world.script.ids().len(), 3, "at least once beats a loss");
    let aside = status(&exporter).await.unreadable_cursor.unwrap();
    assert_eq!(aside.parent(), path.parent());
    assert_eq!(world.storage.bytes(&aside), b"{\"offset\": 12");
    drain_all(&exporter).await;

    // A second one does not overwrite the first.
    world.storage.put(path, b"");
    let exporter = world.start();
    world.cursor_at(world.journal.after(3)).await;
    let second = status(&exporter).await.unreadable_cursor.unwrap();
    assert_ne!(aside, second);
    drain_all(&exporter).await;
    assert_eq!(world.storage.bytes(&aside), b"{\"offset\": 12");
    assert_eq!(world.storage.bytes(&second), b"");
}

#[actix::test]
async fn a_journal_that_is_not_there_yet_is_waited_for() {
    let world = World::new();
    world.journal.append(rows(1));
    world.lose_journal();
    let exporter = world.start();
    pass(SECOND / 2).await;
    let problem = status(&exporter).await.problem.unwrap();
    assert!(problem.contains("the `verdict journal` actor is not running"), "{problem}");
    world.start_journal();
    world.cursor_at(world.journal.after(1)).await;
    assert_eq!(status(&exporter).await.problem, None);
    drain_all(&exporter).await;
}

#[actix::test]
async fn a_new_journal_actor_gets_the_bell_again() {
    let world = World::new();
    let exporter = world.start();
    pass(SECOND).await;
    world.start_journal();
    assert_eq!(world.journal.bells(), 0);
    world.journal.append(rows(1));
    let times = world.script.sends(1).await;
    assert_eq!(about(&times), [5000], "the tick finds what no bell told of: {times:?}");
    assert_eq!(world.journal.bells(), 1);
    drain_all(&exporter).await;
}

#[actix::test]
async fn a_journal_that_cannot_be_read_is_reported_and_asked_again() {
    let world = World::new();
    world.journal.append(rows(1));
    world.journal.set_broken(true);
    let exporter = world.start();
    pass(100 * SECOND).await;
    assert!(status(&exporter).await.problem.unwrap().contains("broken"));
    assert!(world.journal.reads() < 12, "asked {} times in 100 s", world.journal.reads());
    world.journal.set_broken(false);
    world.cursor_at(world.journal.after(1)).await;
    drain_all(&exporter).await;
}
