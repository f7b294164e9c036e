//! The exec helper: a small process between the daemon and a worker, which keeps
//! the worker's output and its exit status also when no daemon is there.
//!
//! It is this very program under a hidden verb. It starts the worker as leader of
//! a group of its own, tells the daemon who that is, copies its output to the log,
//! and leaves a record of its end. It decides nothing, and no signal but KILL ends
//! it before its worker.

mod helper;
mod order;
mod record;
mod report;

pub use helper::run;
pub use order::{Order, VERB};
pub use record::{ExitRecord, exit_record_path};
pub use report::Report;
