//! The whole exporter against the receiver of the model: any journal, any answers, power
//! lost before any step on disk.

use dosd_actors::canary::Canary;
use dosd_actors::port::testing::canary::is_caught;
use dosd_actors::reach::Reach;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use actix::Addr;
use dosd_kernel::verdict::Severity;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use crate::dead_letter::DeadLetter;
use crate::delivery::model::{Answer, Plan, Receiver, Row, plan};
use crate::event::Event;
use crate::exporter::{ExporterActor, GetStatus, Phase, Resume};
use crate::sink::{Delivery, Limits, Sink, Unhealthy};
use crate::testing::{World, drain, drain_all, pass, verdict_row};
use crate::{Filter, PAGE_ROWS};

/// Longer than any wait of an exporter.
const A_WAIT: Duration = Duration::from_mins(6);

/// A sink in front of the model's receiver.
#[derive(Clone)]
struct ModelSink {
    receiver: Rc<RefCell<Receiver>>,
    answers: Rc<RefCell<std::vec::IntoIter<Answer>>>,
    /// Set while nothing may be sent.
    disabled: Rc<RefCell<bool>>,
    batch_events: usize,
}

impl Sink for ModelSink {
    type Batch = Vec<String>;

    fn kind(&self) -> &'static str {
        "model"
    }

    fn limits(&self) -> Limits {
        Limits { events: self.batch_events, ..Limits::default() }
    }

    fn encode(&self, events: &[Event]) -> Self::Batch {
        events.iter().map(|event| event.id().to_string()).collect()
    }

    async fn send(&mut self, batch: &Self::Batch) -> Delivery {
        assert!(!*self.disabled.borrow(), "nothing is sent while it is disabled");
        let answer = self.answers.borrow_mut().next().unwrap_or(Answer::Accept);
        self.receiver.borrow_mut().answer(&answer, batch)
    }

    async fn check(&mut self) -> Result<(), Unhealthy> {
        Ok(())
    }
}

async fn run(plan: Plan) {
    let mut world = World::new();
    world.filter = Filter { min_severity: Severity::Warn, syscalls: None };
    let mut wanted = Vec::new();
    for row in &plan.rows {
        world.journal.append([match row {
            Row::Wanted => verdict_row("verify", "OPEN"),
            Row::LeftOut => verdict_row("verify", "PASS"),
            Row::Odd => "[1]".to_owned(),
            Row::Corrupt => "{\"n\":".to_owned(),
        }]);
    }
    for (index, row) in plan.rows.iter().enumerate() {
        if *row == Row::Wanted {
            wanted.push(world.journal.id(index));
        }
    }
    let sink = ModelSink {
        receiver: Rc::default(),
        answers: Rc::new(RefCell::new(plan.answers.into_iter())),
        disabled: Rc::default(),
        batch_events: plan.batch_events.min(PAGE_ROWS),
    };
    for steps in plan.crashes {
        world.storage.stop_after(steps);
        let exporter = world.start_sink(sink.clone(), Reach::unset("supervisor"));
        pass(A_WAIT).await;
        drain(&exporter, Duration::ZERO).await;
        world.storage.lose_power();
        let saved = world.saved().await;
        let offset = saved.map_or(0, |saved| saved.cursor.offset);
        passed_only_what_is_settled(&world, offset, &wanted, &sink.receiver.borrow());
    }
    let exporter = world.start_sink(sink.clone(), Reach::unset("supervisor"));
    resume_until_done(&world, &exporter, &sink).await;
    drain_all(&exporter).await;
    check(&world, &wanted, &sink.receiver.borrow());
    // The next world pauses it again.
    tokio::time::resume();
}

/// Waits for the end of the journal, and resumes the exporter whenever it is disabled.
async fn resume_until_done(
    world: &World,
    exporter: &Addr<ExporterActor<ModelSink>>,
    sink: &ModelSink,
) {
    for _ in 0..500 {
        pass(A_WAIT).await;
        let status = exporter.send(GetStatus).await.unwrap();
        match status.phase {
            Phase::Disabled { .. } => {
                // Long enough for any retry: none comes.
                sink.disabled.replace(true);
                pass(A_WAIT).await;
                sink.disabled.replace(false);
                exporter.send(Resume).await.unwrap();
            }
            Phase::Resting if status.behind_bytes == 0 => return,
            Phase::Starting
            | Phase::Resting
            | Phase::Working
            | Phase::Waiting { .. }
            | Phase::Ended => {}
        }
    }
    panic!("it does not come to an end: {:?}", world.saved().await);
}

fn dead_letters(world: &World) -> Vec<DeadLetter> {
    let lines = world.dead_letters();
    // A line that a crash tore may stand among them.
    lines.iter().filter_map(|line| DeadLetter::parse(line).ok()).collect()
}

/// Whatever the cursor on disk has passed was taken, or is a dead letter on disk.
fn passed_only_what_is_settled(world: &World, cursor: u64, wanted: &[String], receiver: &Receiver) {
    let dead: BTreeSet<String> =
        dead_letters(world).into_iter().map(|letter| letter.event_id).collect();
    for id in wanted {
        let (_, offset) = id.split_once('-').unwrap();
        let offset = u64::from_str_radix(offset, 16).unwrap();
        let settled = dead.contains(id) || receiver.taken.contains(id);
        assert!(offset >= cursor || settled, "the cursor passed {id}");
    }
}

fn check(world: &World, wanted: &[String], receiver: &Receiver) {
    let dead = dead_letters(world);
    for id in wanted {
        let is_dead = dead.iter().any(|letter| letter.event_id == *id);
        assert!(is_dead || receiver.taken.contains(id), "{id} is lost");
    }
    for letter in &dead {
        let reasons = receiver.refused.get(&letter.event_id).expect("a refusal");
        assert!(reasons.contains(&letter.reason), "`{}` was never said", letter.reason);
    }
    let places = receiver.taken.iter().map(|id| wanted.iter().position(|it| it == id));
    assert!(places.clone().all(|place| place.is_some()), "only what passes the filter is sent");
    assert!(places.is_sorted(), "what is taken first comes first in the journal");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_exporter_keeps_its_promises_whatever_happens(plan in plan()) {
        actix::System::new().block_on(run(plan));
    }
}

#[test]
fn a_cursor_that_moves_before_the_events_are_sent_is_caught() {
    let mut runner = TestRunner::deterministic();
    let mut plans = (0..100).map(|_| plan().new_tree(&mut runner).unwrap().current());
    let finds = |plan| {
        let play = || actix::System::new().block_on(run(plan));
        is_caught(Canary::MoveCursorBeforeSend, play)
    };
    assert!(plans.any(finds));
}
