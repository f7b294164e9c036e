//! What a surface is: a place in the world that can be read as a map.

use std::sync::Arc;

use dosd_kernel::evidence::Accountability;
use dosd_kernel::state_diff::Snapshot;

/// A place whose state is a map from entity key to value.
///
/// Reads happen on a thread where blocking is allowed, so that a slow surface
/// delays no other.
pub trait Surface: Send + Sync + 'static {
    /// Its name, as in `NAME:KEY`.
    fn name(&self) -> &str;

    /// Who authored the bytes that it reads.
    fn accountability(&self) -> Accountability;

    /// Reads it now.
    ///
    /// # Errors
    /// [`SurfaceError`]. A surface that cannot be read is never an empty one.
    fn read(&self) -> Result<Snapshot, SurfaceError>;
}

/// A surface that baselines and claims share.
pub type SharedSurface = Arc<dyn Surface>;

/// Why a surface could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("surface `{surface}` could not be read: {cause}")]
pub struct SurfaceError {
    /// The surface's name.
    pub surface: String,
    /// What went wrong, with the file or the row.
    pub cause: String,
}
