//! Worker processes: start, watch, capture, stop.
//!
//! [`SpawnActor`] is told what to run and tells what became of it. It journals
//! the start and the end of every process and nothing else; it never decides
//! which lane deserves a worker.

mod actor;
mod capture;
mod end_rows;
mod halt;
mod life;
mod living;
mod message;
mod perform;
mod rows;
mod settings;
mod shared;
mod start_commit;
mod stop;
mod terms;
mod worker;

pub use actor::{SpawnActor, SpawnPorts};
pub use end_rows::EndRows;
pub use message::{
    AwaitEnds, HaltRun, Halting, ProcessEvent, ReadoptRuns, Reconfigure, Run, RunEnd, Spawn,
    StopAll, Survivors,
};
pub use settings::{Argv, SpawnSettings, WorkerPolicy};
