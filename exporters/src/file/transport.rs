//! The sink itself: it hands lines to the target on the blocking pool.

use std::sync::{Arc, Mutex, PoisonError};

use dosd_actors::port::SharedStorage;

use super::config::FileConfig;
use super::encode::Lines;
use super::target::Target;
use crate::event::Event;
use crate::off_thread::off_thread;
use crate::sink::{Delivery, Limits, Sink, Unhealthy};

/// What a batch costs is three syncs, here and for the cursor, whatever is in it: it may
/// have as many events as fit into its bytes.
const BATCH_EVENTS: usize = 4096;

/// Appends rows to a file.
pub struct FileSink {
    /// Locked, because a write that was given up may still be under way.
    target: Arc<Mutex<Target>>,
}

impl FileSink {
    /// A sink for `config`. Nothing is opened yet.
    #[must_use]
    pub fn new(storage: SharedStorage, config: FileConfig) -> Self {
        Self { target: Arc::new(Mutex::new(Target::new(storage, config))) }
    }

    async fn on_target<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Target) -> T + Send + 'static,
    ) -> T {
        let target = Arc::clone(&self.target);
        off_thread(move || work(&mut target.lock().unwrap_or_else(PoisonError::into_inner))).await
    }
}

impl Sink for FileSink {
    type Batch = Arc<Lines>;

    fn kind(&self) -> &'static str {
        "file"
    }

    fn limits(&self) -> Limits {
        Limits { events: BATCH_EVENTS, ..Limits::default() }
    }

    fn encode(&self, events: &[Event]) -> Self::Batch {
        Arc::new(Lines::of(events))
    }

    async fn send(&mut self, batch: &Self::Batch) -> Delivery {
        let lines = Arc::clone(batch);
        match self.on_target(move |target| target.write(&lines)).await {
            Ok(()) => Delivery::Accepted,
            // A disk can always get better: no row is refused for good.
            Err(reason) => Delivery::Retry { reason },
        }
    }

    async fn check(&mut self) -> Result<(), Unhealthy> {
        self.on_target(Target::check).await.map_err(Unhealthy)
    }
}
