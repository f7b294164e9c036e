//! Keeping the population: what should run, what may run, what runs.
//!
//! [`Fleet`] decides and remembers, purely; [`SupervisorActor`] observes the
//! journal, puts the decision's rows on disk, and only then has them carried
//! out. It owns no process, writes no file itself, and never ends a worker.

mod actor;
mod beginning;
mod carry;
mod commits;
mod concern;
mod evidence;
mod fleet;
mod inquiry;
mod leftover;
mod message;
mod moment;
mod proposal;
mod reconcile;
mod reset;
mod rows;
mod run_table;
mod seating;
mod settings;
mod steps;
mod tries;

#[cfg(test)]
mod tests;

pub use actor::{SupervisorActor, SupervisorPorts};
pub use beginning::Beginning;
pub use fleet::{Aftermath, Decision, Fleet};
pub use message::{
    Close, FleetView, GetFleet, LaneReset, Reconfigure, Reset, ResetError, Shutdown, Slate, Which,
};
pub use moment::Moment;
pub use proposal::{Proposal, Standing};
pub use reset::Resetting;
pub use rows::HOLDER;
pub use run_table::Hold;
pub use settings::{FleetSettings, LeaseMode};
