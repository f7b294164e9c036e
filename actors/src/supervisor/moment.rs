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

/// The stamp of a run: with its lane it is the identity of the run's lease. It has
/// milliseconds, so that runs which follow each other fast have different ones.
pub(super) fn run_stamp(ms: i64) -> String {
    let seconds = stamp::format_ms(ms);
    format!("{}.{:03}Z", seconds.trim_end_matches('Z'), ms.rem_euclid(1000))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_run_stamp_is_read_back_to_the_millisecond() {
        assert_eq!(super::run_stamp(1_795_375_885_007), "2026-11-22T19:31:25.007Z");
        let read = dosd_kernel::stamp::parse_iso_ms(&super::run_stamp(1_795_375_885_007));
        assert_eq!(read, Some(1_795_375_885_007));
    }
}
