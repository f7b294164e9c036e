//! The rows that end a run whose lease the daemon holds.

use dosd_kernel::draft::Draft;
use dosd_kernel::lane::{Docket, Matter, Ruling};

/// The end of a run and the release of its lease: one write, under the mutex. The
/// stamp in the release is the run's own, so it takes nobody else's lease away.
#[derive(Debug)]
pub struct EndRows(pub(crate) Vec<Draft>);

#[cfg(any(test, feature = "testing"))]
impl EndRows {
    /// The rows that are to be written, for whoever checks that they were.
    #[must_use]
    pub fn rows(&self) -> &[Draft] {
        &self.0
    }
}

impl Matter for EndRows {
    type Answer = ();

    fn rule(self, _: &Docket<'_>) -> Ruling<()> {
        Ruling { rows: self.0, answer: () }
    }
}
