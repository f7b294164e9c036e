//! Events to messages. Pure.

use super::body::body;
use crate::event::Event;

/// One event as it is sent, the same on every try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The event's id, by which a receiver drops what it has seen.
    pub(super) id: String,
    pub(super) body: Vec<u8>,
}

impl Message {
    pub(super) fn of(event: &Event) -> Self {
        Self { id: event.id().to_string(), body: body(event) }
    }
}
