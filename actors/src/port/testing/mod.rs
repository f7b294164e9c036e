//! Ports that a test can bend: a clock that jumps, a disk that fails, processes
//! that are only told of.

pub mod canary;
mod clock;
mod launcher;
mod repository;
mod storage;

pub use clock::TestClock;
pub use launcher::FakeLauncher;
pub use repository::FakeRepository;
pub use storage::{Fault, Lasting, MemoryStorage, Operation, Survival};
