//! Places at the ports where a test has this process end, fail or stand still: before and after whatever
//! leaves a trace outside of it.
//!
//! Owns the closed list of places and the one that is armed. Without the feature `failpoints` nothing can
//! be armed, and a pass is nothing at all. It reads no environment: whoever starts the process hands down
//! what stands there.

#[cfg(feature = "failpoints")]
mod armed;
mod point;

#[cfg(feature = "failpoints")]
pub use armed::arm;
#[cfg(feature = "failpoints")]
pub(crate) use armed::{exports_are_late, happen, is_due, pass};
pub use point::Point;

/// Whether this program has failpoints.
pub const ARE_COMPILED_IN: bool = cfg!(feature = "failpoints");

/// The variable that says what happens where: `POINT:NTH:ACTION`, where ACTION is `kill`, `stop` or `error`,
/// or `POINT:NTH:ACTION:late-export` for a program with the bug that every test of failpoints has to see.
pub const VARIABLE: &str = "DOSD_FAILPOINT";

/// The variable that names the file in which passes are counted: a byte for each, of this process and of
/// the helpers that it starts.
pub const PASSES_VARIABLE: &str = "DOSD_FAILPOINT_PASSES";

/// Why nothing was armed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no failpoint\n  help: it is POINT:NTH:ACTION, where ACTION is kill, stop or error"
)]
pub struct Malformed(String);

/// Arms nothing: there are no failpoints in this program.
///
/// # Errors
/// None.
#[cfg(not(feature = "failpoints"))]
pub fn arm(_wish: &str, _passes: &std::path::Path) -> Result<(), Malformed> {
    Ok(())
}

/// Passes a place.
///
/// # Errors
/// The one that a test wants here. None without the feature.
#[cfg(not(feature = "failpoints"))]
#[inline]
#[expect(clippy::unnecessary_wraps, reason = "with the feature it can fail")]
pub(crate) fn pass(_: Point) -> std::io::Result<()> {
    Ok(())
}
