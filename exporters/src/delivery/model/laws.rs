//! What holds after every run.

use proptest::prelude::*;

use super::machine::Machine;
use super::plan::{Plan, Row, plan};
use crate::testing::event_id;

fn check(plan: &Plan) {
    let mut machine = Machine::new(plan);
    machine.run();
    let wanted = machine.rows.iter().filter(|(.., row)| *row == Row::Wanted);
    let wanted: Vec<String> = wanted.map(|(offset, ..)| event_id(*offset).to_string()).collect();
    let dead = machine.dead_letters();
    let receiver = &machine.receiver;
    for id in &wanted {
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
    let end = machine.rows.last().map_or(0, |(offset, text, _)| offset + text.len() as u64 + 1);
    assert_eq!(machine.disk.saved.cursor.offset, end, "all of it is settled");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn events_are_delivered_in_order_or_buried_whatever_happens(plan in plan()) {
        check(&plan);
    }
}
