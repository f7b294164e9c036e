//! What the daemons of one run are configured with.

/// The configuration.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// The lanes, each with a tree of its own.
    pub(crate) lanes: Vec<String>,
    /// How many workers.
    pub(crate) target: i64,
    /// The number of rows at which the lane journal is compacted.
    pub(crate) max_entries: Option<u64>,
    /// What becomes of workers when the daemon ends.
    pub(crate) on_shutdown: OnShutdown,
}

/// What becomes of workers when the daemon ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnShutdown {
    /// They go on.
    Detach,
    /// They are stopped.
    Stop,
}

impl Plan {
    pub(crate) fn draw(random: &mut fastrand::Rng) -> Self {
        let count = random.usize(1..4);
        let lanes: Vec<String> =
            ["src", "docs", "tests"].iter().take(count).map(ToString::to_string).collect();
        Self {
            // Sometimes a lane is left over, for others to take.
            target: i64::try_from(count).unwrap_or(1) - i64::from(count > 1 && random.bool()),
            lanes,
            max_entries: random.bool().then(|| random.u64(20..80)),
            on_shutdown: if random.bool() { OnShutdown::Detach } else { OnShutdown::Stop },
        }
    }
}
