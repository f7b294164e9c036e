//! A clock that follows tokio's paused time and can be moved besides.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::port::Clock;

/// Wall time = a start + the runtime's (paused) time + what the test added.
#[derive(Debug, Clone)]
pub struct TestClock {
    origin: tokio::time::Instant,
    wall_ms: Arc<AtomicI64>,
}

impl TestClock {
    /// A clock that shows `wall_ms` now.
    #[must_use]
    pub fn at(wall_ms: i64) -> Self {
        Self { origin: tokio::time::Instant::now(), wall_ms: Arc::new(AtomicI64::new(wall_ms)) }
    }

    /// Moves the wall clock alone, as an operator or NTP would.
    pub fn jump_ms(&self, by: i64) {
        self.wall_ms.fetch_add(by, Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn now_ms(&self) -> i64 {
        self.wall_ms.load(Ordering::Relaxed) + self.monotonic_ms()
    }

    fn monotonic(&self) -> Duration {
        self.origin.elapsed()
    }
}
