//! A daemon behind a network, as a command line speaks to it: `dosd --server URL`.
//!
//! One request at a time, blocking, bounded in time. What is asked and answered are the types of
//! the control socket, of the kernel and of the picture of the fleet; nothing here decides. A
//! token goes to the server that was named and to nobody else: redirects are not followed.

mod address;
mod answer;
mod calls;
mod daemon;
mod error;

pub use address::{Address, AddressError};
pub use calls::{Check, Halt, Readiness, VerdictPage, WantedLease};
pub use daemon::{Access, Daemon, PATIENCE};
pub use error::{RemoteError, Why};
