//! The one error of the pure functions: an argument that has no meaning.
//!
//! It never carries a cause; nothing in this crate can fail for any other reason.

use alloc::string::String;

/// An argument that the function refuses, in words that say what to pass instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidArgument(pub String);

impl InvalidArgument {
    /// The error with this text.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}
