//! Dead letters and the cursor: what is on disk before what.

use std::io::ErrorKind;
use std::time::Duration;

use dosd_actors::guard::Ended;
use dosd_actors::port::testing::{Fault, Operation};

use super::{SECOND, refused, rows};
use crate::dead_letter::DeadLetter;
use crate::delivery::Circuit;
use crate::sink::{Delivery, Refusal};
use crate::testing::{Answer, World, about, drain, drain_all, pass, status};

#[actix::test]
async fn one_bad_event_becomes_a_dead_letter_and_the_rest_is_delivered() {
    let world = World::new();
    world.journal.append(rows(600));
    world.script.poison(world.journal.id(300));
    let exporter = world.start();
    drain_all(&exporter).await;
    let letters = world.dead_letters();
    assert_eq!(letters.len(), 1);
    let letter = DeadLetter::parse(&letters[0]).unwrap();
    assert_eq!((letter.event_id, letter.reason.as_str()), (world.journal.id(300), "poison"));
    assert!(letter.row.get().contains("\"subject\":\"300\""));
    let delivered = world
        .script
        .sent()
        .iter()
        .filter(|s| !s.ids.contains(&world.journal.id(300)))
        .flat_map(|sent| sent.ids.clone())
        .collect::<Vec<_>>();
    let expected: Vec<String> =
        (0..600).filter(|index| *index != 300).map(|index| world.journal.id(index)).collect();
    assert_eq!(delivered, expected, "each once, in order");
}

#[actix::test]
async fn the_cursor_moves_through_a_batch_that_is_split() {
    let world = World::new();
    world.journal.append(rows(4));
    world.script.then([refused(), Answer::Say(Delivery::Accepted), Answer::Hang]);
    let exporter = world.start();
    world.script.sends(3).await;
    world.cursor_at(world.journal.after(2)).await;
    drain(&exporter, Duration::ZERO).await;
}

#[actix::test]
async fn refused_events_of_a_partly_accepted_batch_are_buried_once() {
    let world = World::new();
    let bad = |index| Refusal { index, reason: format!("bad {index}") };
    world.script.then([Answer::Say(Delivery::PartlyAccepted { refused: vec![bad(0), bad(2)] })]);
    world.journal.append(rows(3));
    let exporter = world.start();
    world.cursor_at(world.journal.after(3)).await;
    let letters: Vec<(String, String)> = world
        .dead_letters()
        .iter()
        .map(|line| DeadLetter::parse(line).unwrap())
        .map(|letter| (letter.event_id, letter.reason))
        .collect();
    let expected =
        [(world.journal.id(0), "bad 0".to_owned()), (world.journal.id(2), "bad 2".to_owned())];
    assert_eq!(letters, expected);
    let status = status(&exporter).await;
    assert_eq!((status.sent, status.dead_lettered, status.failed.partly), (1, 2, 1));
    assert_eq!(world.script.sent().len(), 1, "never sent again");
    drain_all(&exporter).await;
}

#[actix::test]
async fn a_sink_that_refuses_everything_opens_the_circuit() {
    let world = World::new();
    world.script.otherwise(Delivery::Refused { reason: "403".to_owned() });
    world.journal.append(rows(20));
    let exporter = world.start();
    // 20, 10, 5, 2, 1 events, and then one by one up to the fifth dead letter.
    assert_eq!(world.script.sends(9).await[8], 0);
    let times = world.script.sends(11).await;
    assert_eq!(about(&times[9..]), [1000, 3000]);
    let status = status(&exporter).await;
    assert!(matches!(status.circuit, Circuit::Open { .. }));
    assert!(world.dead_letters().len() <= 7);
    drain(&exporter, Duration::ZERO).await;
}

#[actix::test]
async fn dead_letters_are_on_disk_before_the_cursor_moves() {
    let world = World::new();
    world.journal.append(rows(1));
    world.script.then([refused()]);
    for _ in 0..3 {
        world.storage.fail(Operation::Sync, 0, Fault::Error(ErrorKind::StorageFull));
    }
    let exporter = world.start();
    world.script.sends(1).await;
    pass(SECOND / 2).await;
    assert_eq!(world.saved().await.unwrap().cursor, world.journal.after(0));
    assert!(status(&exporter).await.problem.unwrap().contains("oncall.dead.jsonl"));
    world.cursor_at(world.journal.after(1)).await;
    world.storage.lose_power();
    assert!(!world.dead_letters().is_empty());
    assert_eq!(status(&exporter).await.problem, None);
    drain_all(&exporter).await;
}

#[actix::test]
async fn a_crash_between_send_and_save_sends_the_batch_again() {
    let world = World::new();
    world.journal.append(rows(2));
    // The first save is the place of the first start.
    for _ in 0..10 {
        world.storage.fail(Operation::Replace, 1, Fault::Error(ErrorKind::StorageFull));
    }
    let exporter = world.start();
    world.script.sends(1).await;
    assert_eq!(drain(&exporter, Duration::ZERO).await.end, crate::DrainEnd::GaveUp);
    assert_eq!(world.saved().await.unwrap().cursor, world.journal.after(0));

    let exporter = world.start();
    drain_all(&exporter).await;
    let sent = world.script.sent();
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0].ids, sent[1].ids, "ids are stable over restarts");
    assert_eq!(world.saved().await.unwrap().cursor, world.journal.after(2));
}

#[actix::test]
async fn nothing_is_sent_while_the_cursor_cannot_be_saved() {
    let world = World::new();
    for _ in 0..4 {
        world.storage.fail(Operation::Replace, 1, Fault::Error(ErrorKind::StorageFull));
    }
    world.journal.append(rows(1));
    let exporter = world.start();
    world.script.sends(1).await;
    world.journal.append(rows(1));
    pass(SECOND / 2).await;
    let problem = status(&exporter).await.problem.unwrap();
    assert!(problem.contains("exporters/oncall.json"), "{problem}");
    let times = world.script.sends(2).await;
    assert!(times[1] > 1000, "the second batch waited for the first one's cursor: {times:?}");
    drain_all(&exporter).await;
    assert_eq!(world.script.sent().len(), 2, "the first batch was not sent again");
}

#[actix::test]
async fn a_panic_in_the_sink_ends_the_actor_and_the_next_one_goes_on() {
    let mut world = World::new();
    world.journal.append(rows(2));
    world.script.then([Answer::Panic]);
    let exporter = world.start();
    assert_eq!(world.ended().await, Ended::Panicked);
    assert!(!exporter.connected());

    let exporter = world.start();
    drain_all(&exporter).await;
    assert_eq!(world.ended().await, Ended::Stopped);
    let sent = world.script.sent();
    assert_eq!(sent[0].ids, sent[1].ids);
    assert_eq!(world.saved().await.unwrap().cursor, world.journal.after(2));
}
