//! Keeping the population: what should run, what may run, what runs.
//!
//! [`Fleet`] decides and remembers, purely; [`SupervisorActor`] observes the
//! journal, puts the decision's rows on disk, and only then has them carried
//! out. It owns no process, writes no file itself, and never ends a worker.

mod actor;
mod fleet;
mod message;
mod run_table;
mod settings;

pub use actor::{SupervisorActor, SupervisorPorts};
pub use fleet::{Aftermath, Decision, Fleet, Moment};
pub use message::{FleetView, GetFleet, Shutdown};
pub use settings::{FleetSettings, LeaseMode};
