//! Writing a proposal down: one HALT row, on disk before it counts, through the daemon when one runs. It
//! decides nothing, and stops nothing.

use super::super::claim::unexpected_answer;
use super::super::lane_request::{PATIENCE, ask};
use super::super::{Context, Failure};
use dosd_kernel::lane::{LaneReply, LaneRequest, NoteHalt};

/// Has the row written.
///
/// # Errors
///
/// When it is not known to be on disk.
pub(super) fn record(context: &Context, halt: NoteHalt) -> Result<(), Failure> {
    match ask(context, LaneRequest::Halt(halt), PATIENCE)? {
        LaneReply::Halt(halted) if halted.recorded => Ok(()),
        LaneReply::Halt(_)
        | LaneReply::Acquire(_)
        | LaneReply::Release(_)
        | LaneReply::Heartbeat(_)
        | LaneReply::Spawn(_) => Err(unexpected_answer()),
    }
}
