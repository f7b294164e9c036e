//! The ports as a process of this machine uses them: with failpoints where they are compiled in. It decides
//! nothing else.

use std::sync::Arc;

use super::launcher::SharedLauncher;
use super::storage::SharedStorage;
use super::system_launcher::SystemLauncher;

/// The machine's file system.
#[cfg(not(feature = "failpoints"))]
#[must_use]
pub fn storage() -> SharedStorage {
    Arc::new(super::disk::Disk)
}

/// The machine's file system.
#[cfg(feature = "failpoints")]
#[must_use]
pub fn storage() -> SharedStorage {
    Arc::new(super::failing_disk::FailingDisk)
}

/// The machine's processes.
#[cfg(not(feature = "failpoints"))]
#[must_use]
pub fn launcher(system: SystemLauncher) -> SharedLauncher {
    Arc::new(system)
}

/// The machine's processes.
#[cfg(feature = "failpoints")]
#[must_use]
pub fn launcher(system: SystemLauncher) -> SharedLauncher {
    Arc::new(super::failing_launcher::FailingLauncher(system))
}
