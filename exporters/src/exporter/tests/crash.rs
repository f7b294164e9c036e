//! Power loss before every single step on disk, and the contract afterwards.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{SECOND, rows};
use crate::dead_letter::DeadLetter;
use crate::sink::Limits;
use crate::testing::{World, drain, drain_all, pass};

#[actix::test]
async fn every_event_arrives_wherever_the_power_goes() {
    let mut steps = 0;
    while crash_after(steps).await {
        steps += 1;
    }
    assert!(steps > 8, "only {steps} steps on disk were cut short");
}

/// Runs an exporter over five events, one of them bad, on a machine that stops
/// after so many steps on disk, and then a second one. Says whether the machine
/// stopped at all.
async fn crash_after(steps: usize) -> bool {
    let world = World::new();
    world.script.set_limits(Limits { events: 2, ..Limits::default() });
    world.journal.append(rows(5));
    let bad = world.journal.id(3);
    world.script.poison(bad.clone());

    world.storage.stop_after(steps);
    let exporter = world.start();
    pass(10 * SECOND).await;
    let stopped = world.storage.has_stopped();
    drain(&exporter, Duration::ZERO).await;
    world.storage.lose_power();
    let exporter = world.start();
    drain_all(&exporter).await;

    assert_eq!(world.saved().await.map(|saved| saved.cursor), Some(world.journal.after(5)));
    let expected: Vec<String> = (0..5).map(|index| world.journal.id(index)).collect();
    let mut seen = BTreeSet::new();
    let firsts: Vec<String> =
        world.script.ids().into_iter().filter(|id| seen.insert(id.clone())).collect();
    assert_eq!(firsts, expected, "in order, after {steps} steps");
    let good = expected.iter().filter(|id| **id != bad);
    let taken: BTreeSet<String> = world
        .script
        .sent()
        .into_iter()
        .filter(|sent| !sent.ids.contains(&bad))
        .flat_map(|sent| sent.ids)
        .collect();
    assert_eq!(taken, good.cloned().collect(), "after {steps} steps");
    // A line that the crash tore may stand before the whole one.
    let dead = world.dead_letters().iter().filter_map(|line| DeadLetter::parse(line).ok()).count();
    assert!((1..=2).contains(&dead), "{dead} dead letters after {steps} steps");
    // The next world pauses it again.
    tokio::time::resume();
    stopped
}
