//! The control socket: how a command line talks to the running daemon.
//!
//! One connection, one request, one answer, each a line of JSON. The socket is
//! `.dos/dosd.sock`, open to the user who runs the daemon and to nobody else.
//! Nothing here decides: the server hands a request to the actor that owns the
//! matter.

mod address;
mod client;
mod exporters;
mod protocol;
mod server;

pub use client::{ClientError, call, is_listening};
pub use exporters::{ExporterDoor, ExporterDoors, statuses as exporter_statuses};
pub use protocol::{Answer, ErrorKind, HaltedWorker, Refusal, Request};
pub use server::{Doors, LONGEST_REQUEST, answer, converse, serve};
