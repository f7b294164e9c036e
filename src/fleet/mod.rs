//! The fleet as it is looked at: one picture for `dosd ps`, `dosd top` and the HTTP interface.
//!
//! Everything here is a fold of the journals or a pure function of one. Nothing writes, and
//! nothing decides: a picture that is wrong misleads a person, but never the daemon.

mod book;
mod exporter;
mod lanes;
mod model;
mod overview;
mod verdict;
mod workers;

pub use book::{Book, Exit};
pub use exporter::problem;
pub use lanes::{FleetFold, History};
pub use model::{
    ExporterState, ExporterView, LaneState, LaneView, MinuteCounts, Overview, PopulationView,
    VerdictMark, VerdictView,
};
pub use overview::{Surroundings, overview};
pub use verdict::view as verdict_view;
pub use workers::{State, Worker, workers};
