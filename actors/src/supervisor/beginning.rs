//! Where in the lane journal the time of this daemon begins.

use std::sync::{Arc, OnceLock};

/// All supervisors of one daemon share it: one that is made again remembers what
/// happened in the time of this daemon, and nothing from before.
#[derive(Debug, Clone, Default)]
pub struct Beginning(Arc<OnceLock<u64>>);

impl Beginning {
    /// The number of the last row from before; whoever asks first says which that is.
    pub(super) fn or_now(&self, highest_seq: u64) -> u64 {
        *self.0.get_or_init(|| highest_seq)
    }
}
