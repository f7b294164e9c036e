//! What surfaces behind a network share: time that is over for the whole of a read.

use std::io;
use std::time::Duration;

use dosd_actors::port::{Clock as _, SystemClock};
use dosd_actors::witness::Unreadable;
use dosd_network::Trust;
use rustls::ClientConfig;
use tokio::runtime::{Builder, Runtime};

/// A runtime that lives as long as one read, on the read's own thread, so that nothing of it
/// goes on afterwards.
pub(crate) struct Conversation {
    /// Always there until the drop.
    runtime: Option<Runtime>,
    clock: SystemClock,
    within: Duration,
}

impl Conversation {
    /// One that is over after this time.
    pub(crate) fn new(within: Duration) -> Result<Self, Unreadable> {
        let runtime = Builder::new_current_thread().enable_all().max_blocking_threads(1).build();
        let runtime = runtime.map_err(|cause| Unreadable::new(format!("no runtime: {cause}")))?;
        Ok(Self { runtime: Some(runtime), clock: SystemClock::new(), within })
    }

    /// Waits for an answer, until the time is over.
    pub(crate) fn wait<T>(&self, answer: impl Future<Output = T>) -> io::Result<T> {
        let left = self.within.saturating_sub(self.clock.monotonic());
        let late = || {
            let within = self.within.as_millis();
            let cause = format!("no full answer within {within} ms: raise `timeout`");
            io::Error::new(io::ErrorKind::TimedOut, cause)
        };
        let Some(runtime) = self.runtime.as_ref().filter(|_| !left.is_zero()) else {
            return Err(late());
        };
        runtime.block_on(async { tokio::time::timeout(left, answer).await }).map_err(|_| late())
    }
}

impl Drop for Conversation {
    fn drop(&mut self) {
        // Does not wait for a name that is still being looked up.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Settings for a connection; why there are none, as a read says it.
pub(crate) fn tls_config(trust: Trust<'_>) -> Result<ClientConfig, Unreadable> {
    dosd_network::tls_config(trust).map_err(|error| Unreadable::new(error.to_string()))
}
