//! The places in the world that claims are checked against: one folder for each kind.
//!
//! A surface hands over what it reads, entity by entity, so that a large one needs no more
//! memory than a small one. It decides nothing about claims, and it never gives less than
//! everything: what cannot be read is an error with its cause, never an empty map.

mod dir;
mod identity;
mod json;
mod jsonl;
#[cfg(feature = "sqlite")]
mod sqlite;
mod steady;
mod stop;
#[cfg(test)]
mod testing;
mod values;
mod window;

pub use dir::{BadGlob, Dir};
pub use identity::Identity;
pub use json::Json;
pub use jsonl::JsonLines;
#[cfg(feature = "sqlite")]
pub use sqlite::{Rows, Sqlite};
