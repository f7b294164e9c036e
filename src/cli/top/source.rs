//! Where pictures come from.

use crate::screen::News;

/// Somebody who looks at a fleet. Each look may take its time: it has a thread of its own.
pub(super) trait Source: Send {
    /// Looks.
    ///
    /// # Errors
    ///
    /// Why nothing could be seen, for people; the next look may work again.
    fn look(&mut self) -> Result<News, String>;
}
