//! A sink that fails: when it is asked again, and what stays where it is.

use std::time::Duration;

use super::{SECOND, retry, rows};
use crate::Phase;
use crate::delivery::Circuit;
use crate::sink::{Delivery, Limits};
use crate::testing::{Answer, NOW_MS, World, about, drain, drain_all, pass, status};

#[actix::test]
async fn w_44_a_failed_batch_is_sent_again_and_the_cursor_waits() {
    let world = World::new();
    world.script.then([retry(), retry()]);
    world.journal.append(rows(2));
    let exporter = world.start();
    for send in 1..=2 {
        world.script.sends(send).await;
        assert_eq!(world.saved().await.unwrap().cursor, world.journal.after(0));
    }
    drain_all(&exporter).await;
    let sent = world.script.sent();
    assert_eq!(sent.len(), 3);
    assert!(sent.iter().all(|again| again.ids == sent[0].ids), "ids are stable over retries");
    assert_eq!(world.saved().await.unwrap().cursor, world.journal.after(2));
}

#[actix::test]
async fn four_failures_back_off_and_the_fifth_opens_the_circuit() {
    let world = World::new();
    world.script.otherwise(Delivery::Retry { reason: "down".to_owned() });
    world.journal.append(rows(1));
    let exporter = world.start();
    let times = world.script.sends(13).await;
    let waits: Vec<u128> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    for (wait, ceiling_s) in waits.iter().zip([1, 2, 4, 8]) {
        assert!(*wait <= ceiling_s * 1000 + 1, "{waits:?}");
    }
    assert_eq!(about(&waits[4..]), [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);

    world.script.otherwise(Delivery::Accepted);
    let probed = world.script.sends(14).await;
    assert_eq!(about(&[probed[13] - probed[12]]), [60_000]);
    world.cursor_at(world.journal.after(1)).await;
    let status = status(&exporter).await;
    assert_eq!(status.circuit, Circuit::Closed);
    assert_eq!((status.failed.retry, status.retried, status.sent), (13, 13, 1));
    drain_all(&exporter).await;
}

#[actix::test]
async fn an_open_circuit_shows_in_the_status_with_its_lag() {
    let world = World::new();
    world.script.otherwise(Delivery::Retry { reason: "no route".to_owned() });
    world.journal.append(rows(1));
    let exporter = world.start();
    world.script.sends(5).await;
    world.journal.append(rows(1));
    let opened = world.script.sends(7).await;
    let status = status(&exporter).await;
    assert!(matches!(status.circuit, Circuit::Open { failed_probes: 1.., .. }), "{status:?}");
    assert_eq!(status.last_failure.as_deref(), Some("no route"));
    assert_eq!(status.behind_bytes, world.journal.after(2).offset, "two rows are behind");
    assert_eq!(status.lag_ms, i64::try_from(opened[6]).unwrap(), "the first row's age");
    drain(&exporter, Duration::ZERO).await;
}

#[actix::test]
async fn a_named_delay_is_honoured_up_to_five_minutes() {
    let world = World::new();
    let throttled = |seconds| {
        Answer::Say(Delivery::Throttled {
            delay: Some(Duration::from_secs(seconds)),
            reason: "429".to_owned(),
        })
    };
    world.script.then([throttled(7), throttled(3600)]);
    world.journal.append(rows(1));
    let exporter = world.start();
    assert_eq!(about(&world.script.sends(3).await), [0, 7000, 307_000]);
    world.cursor_at(world.journal.after(1)).await;
    assert_eq!(status(&exporter).await.failed.throttled, 2);
    drain_all(&exporter).await;
}

#[actix::test]
async fn a_wait_shows_until_when() {
    let world = World::new();
    world.script.then([Answer::Say(Delivery::Throttled {
        delay: Some(7 * SECOND),
        reason: "429".to_owned(),
    })]);
    world.journal.append(rows(1));
    let exporter = world.start();
    world.script.sends(1).await;
    pass(SECOND).await;
    assert_eq!(status(&exporter).await.phase, Phase::Waiting { until_ms: NOW_MS + 7000 });
    drain_all(&exporter).await;
}

#[actix::test]
async fn a_sink_that_never_answers_has_failed() {
    let world = World::new();
    world.script.set_limits(Limits { timeout: 20 * SECOND, ..Limits::default() });
    world.script.then([Answer::Hang]);
    world.journal.append(rows(1));
    let exporter = world.start();
    let times = world.script.sends(2).await;
    assert!((20_000..=21_002).contains(&times[1]), "{times:?}");
    world.cursor_at(world.journal.after(1)).await;
    let status = status(&exporter).await;
    assert_eq!(status.last_failure.as_deref(), Some("no answer within 20000 ms"));
    drain_all(&exporter).await;
}

#[actix::test]
async fn a_destination_that_is_gone_waits_for_a_resume_over_restarts() {
    let world = World::new();
    world.script.then([Answer::Say(Delivery::Disabled { reason: "410 gone".to_owned() })]);
    world.journal.append(rows(1));
    let exporter = world.start();
    world.script.sends(1).await;
    assert_eq!(drain(&exporter, SECOND).await.end, crate::DrainEnd::GaveUp);

    let exporter = world.start();
    // Long enough for any retry or tick.
    pass(600 * SECOND).await;
    let disabled = Phase::Disabled { reason: "410 gone".to_owned() };
    assert_eq!(status(&exporter).await.phase, disabled);
    assert_eq!(world.script.sent().len(), 1);

    exporter.send(crate::Resume).await.unwrap();
    world.script.sends(2).await;
    world.cursor_at(world.journal.after(1)).await;
    assert_eq!(world.saved().await.unwrap().disabled, None);
    drain_all(&exporter).await;
}

#[actix::test]
async fn a_resume_of_a_working_exporter_does_nothing_later() {
    let world = World::new();
    let exporter = world.start();
    world.cursor_at(world.journal.after(0)).await;
    exporter.send(crate::Resume).await.unwrap();
    world.script.then([Answer::Say(Delivery::Disabled { reason: "410".to_owned() })]);
    world.journal.append(rows(1));
    world.script.sends(1).await;
    pass(600 * SECOND).await;
    assert_eq!(world.script.sent().len(), 1);
    drain(&exporter, Duration::ZERO).await;
}
