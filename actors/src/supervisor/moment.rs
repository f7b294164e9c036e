//! Time, as a decision takes it. Never reads a clock.

use dosd_kernel::stamp;

/// Both clocks, read once for a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Wall time, epoch ms.
    pub wall_ms: i64,
    /// Monotonic time, ms.
    pub monotonic_ms: i64,
}

/// The stamp of a run: with its lane it is the identity of the run's lease. Its
/// fraction goes on with `entropy` after the milliseconds, the same 30 bits as in the
/// run's id, so that no run ever has the stamp of another: not when they follow each
/// other fast, not after a restart of the daemon, not when the clock was set back.
pub(super) fn run_stamp(ms: i64, entropy: u64) -> String {
    let seconds = stamp::format_ms(ms);
    let (seconds, ms) = (seconds.trim_end_matches('Z'), ms.rem_euclid(1000));
    format!("{seconds}.{ms:03}{:010}Z", entropy & ((1 << 30) - 1))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_run_stamp_is_a_time_and_its_own() {
        let stamp = super::run_stamp(1_795_375_885_007, 42);
        assert_eq!(stamp, "2026-11-22T19:31:25.0070000000042Z");
        assert_eq!(dosd_kernel::stamp::parse_iso_ms(&stamp), Some(1_795_375_885_007));
    }
}
