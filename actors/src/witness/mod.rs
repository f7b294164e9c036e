//! The world as witness: state surfaces, baselines, claims.
//!
//! A [`WitnessActor`] reads surfaces itself, before a run starts and when a
//! claim arrives, and joins the claim with the difference. What a worker sends
//! is the claim; it is never evidence.

mod actor;
mod baseline;
mod entities;
mod judge;
mod look;
mod message;
mod reader;
mod runs;
mod settings;
mod surface;
mod unclaimed;

pub use actor::{WitnessActor, WitnessPorts};
pub use baseline::{Baseline, Taken};
pub use entities::{Collector, Digests, Entities, Limits, Reading, Scratch, Stop, Walk};
pub use judge::Sight;
pub use message::{
    Claim, ClaimCounts, EndRun, Judged, Reconfigure, RunAccount, TakeBaseline, Unclaimed,
};
pub use settings::{WitnessSettings, Witnessed};
pub use surface::{
    Probe, Repeats, SharedProbe, SharedSurface, Source, Surface, SurfaceError, Unreadable,
};
