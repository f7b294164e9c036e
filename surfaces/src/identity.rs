//! What every surface has.

use dosd_kernel::evidence::Accountability;

/// A surface's name and rung.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Its name, as in `NAME:KEY`.
    pub name: String,
    /// Who authored the bytes that it reads.
    pub accountability: Accountability,
}
