//! The verdict journal: its events, their severity, their roll-up, its fold.
//!
//! Owns what one adjudication looks like on disk. Never decides one, and never
//! writes a file.

mod event;
mod fold;
mod roll_up;
mod severity;

pub use event::{SOURCE_KERNEL, SOURCE_SENSOR, VerdictEvent};
pub use fold::VerdictFold;
pub use roll_up::{Dimension, KNOWN_SYSCALLS, RollUp, roll_up};
pub use severity::{Severity, peer_severity, severity};
