//! The world as witness: state surfaces, baselines, claims.
//!
//! A [`WitnessActor`] reads surfaces itself, before a run starts and when a
//! claim arrives, and joins the claim with the difference. What a worker sends
//! is the claim; it is never evidence.

mod actor;
mod json;
mod judge;
mod message;
mod surface;

pub use actor::{WitnessActor, WitnessPorts};
pub use json::JsonSurface;
pub use message::{Claim, EndRun, Judged, Reconfigure, TakeBaseline};
pub use surface::{SharedSurface, Surface, SurfaceError};
