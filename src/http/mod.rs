//! The HTTP interface: the control socket's requests, and the picture of the fleet, for whoever
//! is not on this machine or does not speak to sockets.
//!
//! Nothing here decides. What changes something goes through the same door as on the control
//! socket; what is looked at comes from the board (`board.rs`). Each answer says what happened, and an
//! error says what to do.

mod access;
mod api;
mod board;
mod error;
mod events;
mod input;
mod metrics;
mod openapi;
mod page;
mod readiness;
mod server;
mod settings;
mod tls;

pub use board::{Bell, BoardActor, BoardPorts, Look, Picture, Reconfigure, Seen};
pub use server::{Bound, Doors, HttpError, Listener, bind, serve};
pub use settings::{Access, Settings, SettingsError};
