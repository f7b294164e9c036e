//! Orders of events, one for each seed.

use std::time::Duration;

use super::truth::Check;
use super::world::World;
use crate::port::{Exit, GroupMember, ProcessIdentity, Signal};
use crate::spawn::worker::{Action, Answer, Event, Group, Look, Worker};

const SEEDS: u64 = 5_000;
const STEPS: usize = 300;

#[test]
fn a_life_holds_in_every_order() {
    for seed in 0..SEEDS {
        let outcome = play(seed);
        assert!(outcome.is_ok(), "seed {seed}: {}", outcome.unwrap_err());
    }
}

fn play(seed: u64) -> Check {
    let mut world = World::new(seed);
    for _ in 0..STEPS {
        world.happen()?;
    }
    world.make_peace()
}

const LOOK: Duration = Duration::from_millis(10);

fn process() -> ProcessIdentity {
    ProcessIdentity { boot_id: "boot".to_owned(), pid: 7, start_ticks: 9, pgid: 7 }
}

/// A worker that runs since `began_ms`, and is known to the journal.
fn running(began_ms: i64) -> Worker {
    let mut worker = Worker::new(Some(7), LOOK);
    let actions = worker.step(Event::Found { process: process(), began_ms });
    assert_eq!(actions, [Action::WatchLeader(process())]);
    worker
}

fn exited(at_ms: i64) -> Event {
    Event::LeaderExited { process: process(), exit: Exit::default(), at_ms }
}

/// The look that actions ask for last.
fn look_in(actions: &[Action]) -> (Duration, Look, u32) {
    match actions.last() {
        Some(Action::LookAtGroup { after, how, look, .. }) => (*after, *how, *look),
        other => panic!("no look but {other:?}"),
    }
}

#[test]
fn a_group_is_glanced_at_before_it_is_looked_at_closely_and_ever_more_seldom() {
    let mut worker = running(0);
    let mut actions = worker.step(exited(5));
    let mut looks = Vec::new();
    for _ in 0..14 {
        let (after, how, look) = look_in(&actions);
        looks.push((after.as_millis(), how));
        actions = worker.step(Event::GroupSeen { process: process(), look, group: Group::Present });
    }
    let glances = [0, 1, 2, 4, 8].map(|ms| (ms, Look::Glance));
    assert_eq!(looks[..5], glances);
    assert!(looks[5..].iter().all(|(_, how)| *how == Look::Closely), "{looks:?}");
    assert_eq!(looks[13].0, 2000);
}

#[test]
fn whoever_is_left_is_said_once_and_signalled_when_it_is_to_stop() {
    let mut worker = running(0);
    let member = GroupMember { pid: 8, command: "child".to_owned() };
    let seen = |look| Event::GroupSeen {
        process: process(),
        look,
        group: Group::Members(vec![member.clone()]),
    };
    let (_, _, look) = look_in(&worker.step(exited(5)));
    let actions = worker.step(seen(look));
    assert_eq!(actions[0], Action::SayWhoIsLeft(vec![member.clone()]));
    let actions = worker.step(seen(look_in(&actions).2));
    assert_eq!(actions.len(), 1, "it is said once: {actions:?}");
    let actions = worker.step(Event::StopAsked);
    assert_eq!(actions[0], Action::Signal(process(), Signal::Terminate));
    assert!(matches!(actions[1], Action::LookAtGroup { after: LOOK, how: Look::Closely, .. }));
    assert_eq!(actions[2], Action::AwaitTerm);
}

#[test]
fn whoever_outlives_kill_is_told_of_and_may_be_stopped_again() {
    let mut worker = running(0);
    let term = Action::Signal(process(), Signal::Terminate);
    assert_eq!(worker.step(Event::StopAsked), [term.clone(), Action::AwaitTerm]);
    assert_eq!(worker.step(Event::StopAsked), [], "the second hears what the first one hears");
    let kill = Action::Signal(process(), Signal::Kill);
    assert_eq!(worker.step(Event::TermTimedOut), [kill, Action::AwaitKill]);
    let answer = Action::AnswerStop(Answer::Outlived(process()));
    assert_eq!(worker.step(Event::KillTimedOut), [answer]);
    assert_eq!(worker.step(Event::StopAsked), [term, Action::AwaitTerm]);
}

#[test]
fn a_run_that_was_to_stop_before_it_was_started_is_never_started() {
    let mut worker = Worker::new(None, LOOK);
    assert_eq!(worker.step(Event::Ordered), [Action::TakeBaseline]);
    worker.step(Event::StopAsked);
    worker.step(Event::TermTimedOut);
    assert_eq!(worker.step(Event::KillTimedOut), [Action::AnswerStop(Answer::Unproven)]);
    let actions = worker.step(Event::BaselineTaken);
    assert!(matches!(&actions[0], Action::RecordEnd(end) if end.failure.is_some()), "{actions:?}");
}

#[test]
fn an_order_that_comes_during_the_start_is_carried_out_once_there_is_a_process() {
    let mut worker = Worker::new(None, LOOK);
    worker.step(Event::Ordered);
    worker.step(Event::BaselineTaken);
    assert_eq!(worker.step(Event::StopAsked), [Action::AwaitTerm]);
    let actions = worker.step(Event::Launched { process: process(), began_ms: 0 });
    let signal = Action::Signal(process(), Signal::Terminate);
    let watch = Action::WatchLeader(process());
    assert_eq!(actions, [signal, Action::RecordStart(process()), watch]);
}

#[test]
fn the_time_of_an_adopted_worker_counts_from_its_beginning_and_is_never_negative() {
    for (began_ms, ended_ms, ran_ms) in [(-3_600_000, 5, 3_600_005), (10, 5, 0)] {
        let mut worker = running(began_ms);
        let (_, _, look) = look_in(&worker.step(exited(ended_ms)));
        let actions =
            worker.step(Event::GroupSeen { process: process(), look, group: Group::Empty });
        assert_eq!(actions, [Action::LearnEnd]);
        let actions = worker.step(Event::EndLearnt(None));
        assert!(
            matches!(&actions[0], Action::RecordEnd(end) if end.ran_ms == ran_ms),
            "{actions:?}"
        );
    }
}
