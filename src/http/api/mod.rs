//! `/v1`: what can be asked about the fleet, and of it.
#![expect(clippy::wildcard_enum_match_arm, reason = "all others answer another question")]

pub(super) mod claims;
pub(super) mod fleet;
pub(super) mod halt;
pub(super) mod leases;
pub(super) mod verdicts;

use super::error::ApiError;
use crate::control::Answer;

/// An answer that is none to what was asked. It does not happen between parts of one program.
fn unexpected(answer: Answer) -> ApiError {
    match answer {
        Answer::Error(refusal) => refusal.into(),
        _ => ApiError::new(
            super::error::Kind::Failed,
            "the daemon answered something else than was asked",
            "this is a defect: report it",
        ),
    }
}
