//! What targets that need more than a function run in: one thread, virtual time, a disk in memory.

use std::sync::Arc;

use dosd_actors::off_thread::stay_on_this_thread;
use dosd_actors::port::SharedClock;
use dosd_actors::port::testing::TestClock;
use tokio::runtime::{Builder, Runtime};
use tokio::task::LocalSet;

/// When it is, epoch ms: the stamps of the corpus are around it.
pub(crate) const NOW_MS: i64 = 1_795_375_885_000;

thread_local! {
    static RUNTIME: Runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without I/O needs nothing of the system");
}

/// Runs `work` to its end, with all that it spawns on this thread.
pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    stay_on_this_thread();
    RUNTIME.with(|runtime| LocalSet::new().block_on(runtime, work))
}

/// A clock that shows [`NOW_MS`].
pub(crate) fn clock() -> SharedClock {
    Arc::new(TestClock::at(NOW_MS))
}

/// Chance that the bytes themselves decide: an input alone replays a run.
pub(crate) fn chance(bytes: &[u8]) -> fastrand::Rng {
    fastrand::Rng::with_seed(fnv(bytes))
}

/// FNV-1a, 64 bits: the same on every machine, which the standard library's hashers do not promise.
pub(crate) fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
