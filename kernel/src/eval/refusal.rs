//! Why a request has no answer.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;

use serde::Serialize;

use crate::invalid::InvalidArgument;

/// What kind of mistake a request has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalKind {
    /// The line is no request.
    InvalidRequest,
    /// There is no such function.
    UnknownFunction,
    /// The function cannot use its arguments.
    InvalidArgument,
}

/// An error, in the shape in which it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// What kind of mistake it is.
    pub kind: RefusalKind,
    /// What is wrong, for a person.
    pub message: String,
}

impl Refusal {
    pub(super) fn not_a_request(error: &serde_json::Error) -> Self {
        let message =
            format!("{error}: pass one JSON object a line, with `fn`, `args` and perhaps `id`");
        Self { kind: RefusalKind::InvalidRequest, message }
    }

    pub(super) fn too_long(most: usize) -> Self {
        let message = format!("the line has more than {most} bytes: ask about less at once");
        Self { kind: RefusalKind::InvalidRequest, message }
    }

    pub(super) fn unknown_function(name: &str) -> Self {
        let message = format!("`{name}` is no function: `--list` prints those that are");
        Self { kind: RefusalKind::UnknownFunction, message }
    }

    pub(super) fn argument(message: impl fmt::Display) -> Self {
        Self { kind: RefusalKind::InvalidArgument, message: message.to_string() }
    }

    pub(super) fn to_json(&self) -> Vec<u8> {
        // Two texts always are JSON.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<InvalidArgument> for Refusal {
    fn from(error: InvalidArgument) -> Self {
        Self::argument(error)
    }
}
