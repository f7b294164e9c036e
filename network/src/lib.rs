//! What everybody behind a network shares: how a host's name is looked up, whom to trust,
//! what must never be printed, and how an error is told with its causes. It opens no
//! connection but to name servers.

mod cause;
#[cfg(feature = "names")]
mod names;
mod place;
mod secret;
#[cfg(feature = "tls")]
mod tls;

pub use cause::chain;
#[cfg(feature = "names")]
pub use names::Names;
pub use place::place;
pub use secret::Secret;
#[cfg(feature = "tls")]
pub use tls::{TlsError, Trust, tls_config};
