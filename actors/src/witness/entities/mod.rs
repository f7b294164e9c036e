//! What a read of a surface becomes: keys and digests, in the order of the keys, in
//! memory as long as they are few and in scratch files beyond that.

mod arena;
mod collector;
mod digests;
mod file_walk;
mod merge;
mod record;
mod scratch;
#[cfg(test)]
mod tests;
mod walk;

use std::time::Duration;

use dosd_kernel::state_diff::Digest;
use serde_json::Value;

pub use collector::{Collector, Reading};
pub use digests::Digests;
pub use scratch::Scratch;
pub use walk::Walk;

/// Where a surface puts what it reads.
pub trait Entities {
    /// One entity.
    ///
    /// # Errors
    /// [`Stop`]: read no further.
    fn entity(&mut self, key: &str, value: Value) -> Result<(), Stop>;

    /// Whether digests will do: nothing of the values is ignored, so that they need not be
    /// built. If not, [`Entities::entity`] is the only way.
    fn takes_digests(&self) -> bool {
        false
    }

    /// One whose value, of so many bytes, was digested while it was read.
    ///
    /// # Errors
    /// [`Stop`]: read no further.
    fn digested(&mut self, key: &str, digest: Digest, bytes: u64) -> Result<(), Stop>;

    /// The surface ends with something that is not whole, so that more may be there than was
    /// handed over: `what`, with its place. What is missing from this read is not known to be
    /// missing from the world.
    fn unfinished(&mut self, what: String);

    /// To be asked now and then where reading goes on without an entity.
    ///
    /// # Errors
    /// [`Stop`]: read no further.
    fn go_on(&mut self) -> Result<(), Stop>;

    /// How much of the time for the read is left.
    fn time_left(&self) -> Duration;

    /// How many bytes may still come, keys and values together.
    fn bytes_left(&self) -> u64;
}

/// Why a read ends before the surface does.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// It has more entities than are read.
    #[error("it holds more than {max} entities: raise `max_entities`, or read less of it")]
    TooMany {
        /// `max_entities`.
        max: u64,
    },
    /// It is larger than is read.
    #[error("it holds more than {max} bytes: raise `max_bytes`, or read less of it")]
    TooLarge {
        /// `max_bytes`.
        max: u64,
    },
    /// The read takes longer than it may.
    #[error("it was not read within {} ms: raise `timeout`, or read less of it", .within.as_millis())]
    TimedOut {
        /// `timeout`.
        within: Duration,
    },
    /// A key is longer than a name can be.
    #[error("the key that begins with `{start}` is longer than 64 KiB, which is no key")]
    LongKey {
        /// Its first characters.
        start: String,
    },
    /// What was read could not be put aside.
    #[error("the scratch file `{path}` could not be used: {cause}")]
    Scratch {
        /// The file.
        path: String,
        /// The file system's own error.
        cause: std::io::Error,
    },
}

/// How much of a surface is read at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// So many entities.
    pub max_entities: u64,
    /// So many bytes, of keys and values together.
    pub max_bytes: u64,
    /// For so long.
    pub timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_entities: 20_000_000, max_bytes: 4_000_000_000, timeout: Duration::from_mins(1) }
    }
}
