//! Ports that a test can bend: a clock that jumps, a disk that fails, processes
//! that are only told of.

mod clock;
mod launcher;
mod repository;
mod storage;

pub use clock::TestClock;
pub use launcher::FakeLauncher;
pub use repository::FakeRepository;
pub use storage::{Fault, MemoryStorage, Operation};
