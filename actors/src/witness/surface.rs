//! What a surface is: a place in the world that can be asked.

use std::sync::Arc;

use dosd_kernel::evidence::Accountability;

use super::entities::{Entities, Stop};

/// A place whose state is a map from entity key to value.
///
/// Reads happen on a thread where blocking is allowed, one at a time for each
/// surface, so that a slow surface delays no other.
pub trait Surface: Send + Sync + 'static {
    /// Its name, as in `NAME:KEY`.
    fn name(&self) -> &str;

    /// What is read, in one word, as `kind` in the configuration.
    fn kind(&self) -> &'static str;

    /// Who authored the bytes that it reads.
    fn accountability(&self) -> Accountability;

    /// What a key means that is handed over more than once.
    fn repeats(&self) -> Repeats {
        Repeats::Refused
    }

    /// Reads it now: hands every entity over once, in any order.
    ///
    /// # Errors
    /// [`Unreadable`]. A surface that cannot be read is never an empty one; what was
    /// handed over before is thrown away.
    fn read(&self, into: &mut dyn Entities) -> Result<(), Unreadable>;
}

/// What a key means that comes more than once in one read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeats {
    /// Nobody can tell which of them counts: the surface is unreadable.
    Refused,
    /// The last one counts, as in a log.
    LastCounts,
}

/// A place that answers about one entity and has no state to compare.
pub trait Probe: Send + Sync + 'static {
    /// Its name, as in `NAME:KEY`.
    fn name(&self) -> &str;

    /// What is asked, in one word, as `kind` in the configuration.
    fn kind(&self) -> &'static str;

    /// Who stands behind its answer.
    fn accountability(&self) -> Accountability;

    /// Whether the effect is there now. Ends by itself in bounded time.
    ///
    /// # Errors
    /// [`Unreadable`]: it could not be asked, which is neither a yes nor a no.
    fn ask(&self, entity: &str) -> Result<bool, Unreadable>;
}

/// A surface that baselines and claims share.
pub type SharedSurface = Arc<dyn Surface>;

/// A probe that claims share.
pub type SharedProbe = Arc<dyn Probe>;

/// Something that can be asked about an effect.
#[derive(Clone)]
pub enum Source {
    /// By its state before and after.
    State(SharedSurface),
    /// By an answer of its own.
    Probe(SharedProbe),
}

impl Source {
    /// Its name, as in `NAME:KEY`.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::State(surface) => surface.name(),
            Self::Probe(probe) => probe.name(),
        }
    }

    /// Its kind, as in the configuration.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::State(surface) => surface.kind(),
            Self::Probe(probe) => probe.kind(),
        }
    }

    /// Its rung.
    #[must_use]
    pub fn accountability(&self) -> Accountability {
        match self {
            Self::State(surface) => surface.accountability(),
            Self::Probe(probe) => probe.accountability(),
        }
    }
}

/// Why a surface could not be read: the cause, with the file or the row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{cause}")]
pub struct Unreadable {
    cause: String,
    moved: bool,
}

impl Unreadable {
    /// For this cause, in words.
    pub fn new(cause: impl Into<String>) -> Self {
        Self { cause: cause.into(), moved: false }
    }

    /// It changed while it was read, so that what was read may never have been true. It is
    /// read again from the start, a few times.
    pub fn moved(what: impl std::fmt::Display) -> Self {
        Self { cause: format!("{what} changed while it was read"), moved: true }
    }

    /// Whether it may well be readable the next time.
    pub(super) fn is_moved(&self) -> bool {
        self.moved
    }

    /// As an error of this surface.
    pub(super) fn of(self, surface: &str) -> SurfaceError {
        SurfaceError { surface: surface.to_owned(), cause: self.cause }
    }
}

impl From<Stop> for Unreadable {
    fn from(stop: Stop) -> Self {
        Self::new(stop.to_string())
    }
}

/// Why a surface could not be read, with its name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("surface `{surface}` could not be read: {cause}")]
pub struct SurfaceError {
    /// The surface's name.
    pub surface: String,
    /// What went wrong, with the file or the row.
    pub cause: String,
}
