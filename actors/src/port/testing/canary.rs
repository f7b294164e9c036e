//! Planted bugs: each kind of test shows that it would catch one.
//!
//! A place in the product asks `is_planted` whether to do the wrong thing. In a build without
//! tests and without the feature `testing` there is nothing to plant, and the question is a
//! constant: see `crate::canary`. A bug is planted for the thread of one test.

use std::cell::Cell;

pub use crate::canary::Canary;

thread_local! {
    static PLANTED: Cell<Option<Canary>> = const { Cell::new(None) };
}

/// A bug that is there for as long as this value, on this thread.
#[derive(Debug)]
pub struct Planted {
    before: Option<Canary>,
}

/// Plants a bug.
#[must_use = "the bug goes with the value"]
pub fn plant(canary: Canary) -> Planted {
    Planted { before: PLANTED.replace(Some(canary)) }
}

/// Whether `work`, with this bug planted, panics as a test does that fails.
pub fn is_caught(canary: Canary, work: impl FnOnce()) -> bool {
    let _planted = plant(canary);
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).is_err()
}

impl Drop for Planted {
    fn drop(&mut self) {
        PLANTED.set(self.before);
    }
}

pub(crate) fn is_planted(canary: Canary) -> bool {
    PLANTED.get() == Some(canary)
}
