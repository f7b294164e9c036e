//! A clock that follows the runtime's virtual time, and is bent by faults.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use dosd_actors::port::Clock;
use tokio::time::Instant;

/// Virtual time, plus what a blocked thread lost, plus what the wall clock was set by. A
/// reading takes a microsecond, so whoever waits by looking at the clock waits in vain for no
/// longer than in life. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct SimClock {
    origin: Instant,
    wall_ms: Arc<AtomicI64>,
    lost_us: Arc<AtomicU64>,
}

impl SimClock {
    pub(crate) fn at(wall_ms: i64) -> Self {
        Self {
            origin: Instant::now(),
            wall_ms: Arc::new(AtomicI64::new(wall_ms)),
            lost_us: Arc::default(),
        }
    }

    /// Sets the wall clock alone.
    pub(crate) fn jump_ms(&self, by: i64) {
        self.wall_ms.fetch_add(by, Ordering::Relaxed);
    }

    /// A thread was blocked for so long: both clocks went on, its timers did not.
    pub(crate) fn stall(&self, long: Duration) {
        let us = u64::try_from(long.as_micros()).unwrap_or(u64::MAX);
        self.lost_us.fetch_add(us, Ordering::Relaxed);
    }
}

impl Clock for SimClock {
    fn now_ms(&self) -> i64 {
        self.wall_ms.load(Ordering::Relaxed) + self.monotonic_ms()
    }

    fn monotonic(&self) -> Duration {
        let lost_us = self.lost_us.fetch_add(1, Ordering::Relaxed);
        self.origin.elapsed() + Duration::from_micros(lost_us)
    }
}
