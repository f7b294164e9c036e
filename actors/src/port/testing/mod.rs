//! Ports that a test can bend: a clock that jumps, a disk that fails, processes
//! that are only told of.

pub mod canary;
mod clock;
mod every_call;
mod launcher;
mod repository;
mod storage;

pub use clock::TestClock;
pub use every_call::{Trial, Tried, at_every_call};
pub use launcher::FakeLauncher;
pub use repository::FakeRepository;
pub use storage::{Fault, ForeignHandle, Lasting, MemoryStorage, Operation, Survival};
