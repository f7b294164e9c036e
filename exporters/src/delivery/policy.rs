//! The numbers of retry and circuit, and the delays made from them. Pure.

use std::time::Duration;

/// How patient an exporter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// The first backoff ceiling, the first probe, and the least that a delay
    /// named by a sink counts for.
    pub first_delay: Duration,
    /// The highest backoff ceiling.
    pub max_backoff: Duration,
    /// The most that a delay named by a sink counts for.
    pub max_named_delay: Duration,
    /// Failures in a row that open the circuit.
    pub failures_to_open: u32,
    /// The longest wait between two probes.
    pub max_probe_delay: Duration,
}

impl Default for Policy {
    /// 1 s to 30 s, 5 min, five failures, probes up to 60 s apart.
    fn default() -> Self {
        Self {
            first_delay: Duration::from_secs(1),
            max_backoff: Duration::from_secs(30),
            max_named_delay: Duration::from_mins(5),
            failures_to_open: 5,
            max_probe_delay: Duration::from_mins(1),
        }
    }
}

impl Policy {
    /// Full jitter: anything between nothing and the ceiling of this try, in
    /// whole milliseconds. Tries count from 1.
    #[must_use]
    pub fn backoff(&self, tries: u32, jitter: u64) -> Duration {
        let ceiling = self.doubled(tries.saturating_sub(1)).min(self.max_backoff);
        let ceiling_ms = u64::try_from(ceiling.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(jitter % ceiling_ms.saturating_add(1))
    }

    /// How long to leave an open circuit alone.
    #[must_use]
    pub fn probe_delay(&self, failed_probes: u32) -> Duration {
        self.doubled(failed_probes).min(self.max_probe_delay)
    }

    /// A delay that a sink named, within reason: a sink that says 0 would be
    /// asked in a loop, one that says a month would never be asked.
    #[must_use]
    pub fn named_delay(&self, named: Duration) -> Duration {
        named.max(self.first_delay).min(self.max_named_delay)
    }

    fn doubled(&self, times: u32) -> Duration {
        self.first_delay.saturating_mul(2_u32.saturating_pow(times))
    }
}
