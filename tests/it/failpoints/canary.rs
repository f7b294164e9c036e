//! The kills see a bug that was planted: a cursor that is saved before the sink has anything.

use std::panic::{AssertUnwindSafe, catch_unwind};

use dosd_actors::port::failpoint::Point;
use fastrand::Rng;

use super::fleet;

#[test]
fn a_cursor_that_is_saved_before_the_event_is_sent_is_caught() {
    let mut random = Rng::with_seed(7);
    let caught = catch_unwind(AssertUnwindSafe(|| {
        fleet::kill_with(Point::CursorSaveAfter, 3, &mut random, ":late-export")
    }));
    let panic = caught.expect_err("three kills after a cursor was saved too early");
    let words = panic.downcast_ref::<String>().expect("words");
    assert!(words.contains("not exported") || words.contains("out of order"), "{words}");
}
