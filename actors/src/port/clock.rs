//! Time as a dependency. The one place that reads the machine's clocks.

use std::sync::Arc;
use std::time::Duration;

/// Where an actor asks what time it is.
///
/// Timers are tokio's, so that a test under paused time jumps; this port gives
/// the two readings that verdicts need.
pub trait Clock: Send + Sync + 'static {
    /// Wall-clock time in milliseconds since the epoch. May jump, back too.
    fn now_ms(&self) -> i64;

    /// Time since an arbitrary origin. Never goes back.
    fn monotonic(&self) -> Duration;

    /// [`Clock::monotonic`] in whole milliseconds.
    fn monotonic_ms(&self) -> i64 {
        i64::try_from(self.monotonic().as_millis()).unwrap_or(i64::MAX)
    }
}

/// A clock that several actors share.
pub type SharedClock = Arc<dyn Clock>;

/// The machine's clocks.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    origin: std::time::Instant,
}

impl SystemClock {
    /// Starts the monotonic clock at zero.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the port's own reading")]
    pub fn new() -> Self {
        Self { origin: std::time::Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the port's own reading")]
    fn now_ms(&self) -> i64 {
        // A clock before 1970 reads as 1970: every stamp stays valid.
        std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    fn monotonic(&self) -> Duration {
        self.origin.elapsed()
    }
}
