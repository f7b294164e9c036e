//! The courier's decisions, answer by answer.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn courier() -> Courier {
    Courier::new(Policy::default())
}

fn retry() -> Delivery {
    Delivery::Retry { reason: "down".to_owned() }
}

fn refused() -> Delivery {
    Delivery::Refused { reason: "bad".to_owned() }
}

fn throttled(delay: Option<Duration>) -> Delivery {
    Delivery::Throttled { delay, reason: "429".to_owned() }
}

#[test]
fn an_accepted_batch_moves_the_cursor() {
    assert_eq!(courier().answered(Delivery::Accepted, 3, 0, 0), [Action::MoveCursor(3)]);
}

#[test]
fn a_failure_never_moves_the_cursor() {
    let mut courier = courier();
    for _ in 0..50 {
        let actions = courier.answered(retry(), 3, 0, 7);
        assert!(!actions.iter().any(|action| matches!(action, Action::MoveCursor(_))));
        assert!(
            actions.iter().any(|action| matches!(action, Action::WaitFor(_) | Action::Probe(_)))
        );
    }
}

#[test]
fn backoff_is_anything_up_to_a_ceiling_that_doubles_to_thirty_seconds() {
    let policy = Policy::default();
    for (tries, ceiling_s) in
        [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 30), (7, 30), (u32::MAX, 30)]
    {
        let ceiling = SECOND * ceiling_s;
        assert_eq!(policy.backoff(tries, 0), Duration::ZERO);
        assert_eq!(policy.backoff(tries, u64::from(ceiling_s) * 1000), ceiling);
        for jitter in [1, 999, 123_456_789, u64::MAX] {
            assert!(policy.backoff(tries, jitter) <= ceiling);
        }
    }
}

#[test]
fn the_fifth_failure_opens_the_circuit_and_probes_double_to_a_minute() {
    let mut courier = courier();
    for _ in 0..4 {
        assert!(matches!(courier.answered(retry(), 1, 0, 1)[..], [Action::WaitFor(_)]));
    }
    let opened = Action::Announce(Change::Opened { reason: "down".to_owned() });
    assert_eq!(courier.answered(retry(), 1, 50, 1), [opened, Action::Probe(SECOND)]);
    for seconds in [2, 4, 8, 16, 32, 60, 60] {
        assert_eq!(courier.answered(retry(), 1, 60, 1), [Action::Probe(SECOND * seconds)]);
    }
    assert_eq!(courier.circuit(), Circuit::Open { since_ms: 50, failed_probes: 7 });
}

#[test]
fn an_accepted_probe_closes_the_circuit_and_forgets_the_failures() {
    let mut courier = courier();
    for _ in 0..9 {
        courier.answered(retry(), 1, 1000, 1);
    }
    let closed = Action::Announce(Change::Closed { open_ms: 500 });
    assert_eq!(courier.answered(Delivery::Accepted, 1, 1500, 1), [closed, Action::MoveCursor(1)]);
    assert_eq!(courier.circuit(), Circuit::Closed);
    assert_eq!(courier.answered(retry(), 1, 1500, 1000), [Action::WaitFor(SECOND)]);
}

#[test]
fn a_named_delay_is_kept_within_reason() {
    let mut courier = courier();
    for (named, kept) in [(7, 7), (300, 300), (301, 300), (86_400, 300), (0, 1)] {
        let actions = courier.answered(throttled(Some(SECOND * named)), 1, 0, 99);
        assert_eq!(actions, [Action::WaitFor(SECOND * kept)]);
    }
    assert_eq!(courier.circuit(), Circuit::Closed, "a sink that answers is not dead");
}

#[test]
fn without_a_named_delay_throttling_backs_off() {
    let mut courier = courier();
    for ceiling_s in [1_u64, 2, 4, 8, 16, 30, 30] {
        let actions = courier.answered(throttled(None), 1, 0, ceiling_s * 1000);
        assert_eq!(actions, [Action::WaitFor(Duration::from_secs(ceiling_s))]);
    }
}

#[test]
fn a_partly_accepted_batch_buries_the_rest_before_the_cursor_moves() {
    let refused = vec![Refusal { index: 1, reason: "bad".to_owned() }];
    let actions =
        courier().answered(Delivery::PartlyAccepted { refused: refused.clone() }, 3, 0, 0);
    assert_eq!(actions, [Action::DeadLetter(refused), Action::MoveCursor(3)]);
    let none = Delivery::PartlyAccepted { refused: Vec::new() };
    assert_eq!(courier().answered(none, 3, 0, 0), [Action::MoveCursor(3)]);
}

/// Sends `events` of which those in `bad` are refused; gives the dead ones and
/// the number of sends.
fn bisect(events: usize, bad: &[usize]) -> (Vec<usize>, usize) {
    let (mut courier, mut at, mut dead, mut sends) = (courier(), 0, Vec::new(), 0);
    while at < events {
        let end = (at + courier.window(512)).min(events);
        let answer =
            if bad.iter().any(|b| (at..end).contains(b)) { refused() } else { Delivery::Accepted };
        sends += 1;
        for action in courier.answered(answer, end - at, 0, 0) {
            match action {
                Action::DeadLetter(refusals) => dead.extend(refusals.iter().map(|r| at + r.index)),
                Action::MoveCursor(events) => at += events,
                Action::Announce(_)
                | Action::WaitFor(_)
                | Action::Probe(_)
                | Action::Disable(_) => {}
            }
        }
    }
    (dead, sends)
}

#[test]
fn one_bad_event_is_found_in_a_few_sends() {
    for bad in [0, 1, 255, 256, 300, 511] {
        let (dead, sends) = bisect(512, &[bad]);
        assert_eq!(dead, [bad]);
        assert!(sends <= 60, "{sends} sends for event {bad}");
    }
}

#[test]
fn only_the_bad_events_become_dead_letters() {
    assert_eq!(bisect(512, &[]).0, [0_usize; 0]);
    assert_eq!(bisect(512, &[3, 4, 100, 511]).0, [3, 4, 100, 511]);
    assert_eq!(bisect(3, &[0, 1, 2]).0, [0, 1, 2]);
}

#[test]
fn after_a_bad_event_batches_grow_back() {
    let mut courier = courier();
    courier.answered(refused(), 1, 0, 0);
    let mut sizes = Vec::new();
    for _ in 0..11 {
        sizes.push(courier.window(512));
        courier.answered(Delivery::Accepted, courier.window(512), 0, 0);
    }
    assert_eq!(sizes, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 512]);
}

#[test]
fn a_sink_that_refuses_everything_is_slowed_down() {
    let mut courier = courier();
    for _ in 0..4 {
        let actions = courier.answered(refused(), 1, 0, 0);
        assert!(matches!(actions[..], [Action::DeadLetter(_), Action::MoveCursor(1)]));
    }
    let actions = courier.answered(refused(), 1, 0, 0);
    assert_eq!(actions[1], Action::MoveCursor(1));
    assert_eq!(actions[3], Action::Probe(SECOND));
}

#[test]
fn a_destination_that_is_gone_disables_the_exporter() {
    let gone = Delivery::Disabled { reason: "410".to_owned() };
    assert_eq!(courier().answered(gone, 2, 0, 0), [Action::Disable("410".to_owned())]);
}

#[test]
fn a_window_never_leaves_the_sinks_own_limit() {
    let mut courier = courier();
    assert_eq!(courier.window(1), 1);
    courier.answered(refused(), 512, 0, 0);
    assert_eq!(courier.window(512), 256);
    assert_eq!(courier.window(10), 10);
    assert_eq!(courier.window(0), 1, "a limit of nothing would stop the exporter");
}

fn stopped(taken: usize, next: Delivery) -> Delivery {
    Delivery::Stopped { taken, next: Box::new(next) }
}

#[test]
fn what_was_taken_one_by_one_is_settled_before_the_rest_waits() {
    let mut courier = courier();
    for _ in 0..4 {
        courier.answered(retry(), 1, 0, 1);
    }
    let actions = courier.answered(stopped(2, retry()), 5, 0, 1000);
    let first_try_again = Action::WaitFor(SECOND);
    assert_eq!(actions, [Action::MoveCursor(2), first_try_again], "it took something");
    assert!(matches!(courier.answered(stopped(0, retry()), 3, 0, 1)[..], [Action::WaitFor(_)]));
}

#[test]
fn one_refused_among_many_is_the_only_dead_letter() {
    let refusal = Refusal { index: 0, reason: "bad".to_owned() };
    let actions = courier().answered(stopped(2, refused()), 5, 0, 0);
    let dead = Action::DeadLetter(vec![refusal]);
    assert_eq!(actions, [Action::MoveCursor(2), dead, Action::MoveCursor(1)]);
}
