//! What surfaces and sinks behind a network share: whom to trust, what must never be
//! printed, and how an error is told with its causes. It opens no connection.

mod cause;
mod place;
mod secret;
#[cfg(feature = "tls")]
mod tls;

pub use cause::chain;
pub use place::place;
pub use secret::Secret;
#[cfg(feature = "tls")]
pub use tls::{TlsError, Trust, tls_config};
