//! The places in the world that claims are checked against: one folder for each kind.
//!
//! A surface hands over what it reads, entity by entity, so that a large one needs no more
//! memory than a small one. It decides nothing about claims, and it never gives less than
//! everything: what cannot be read is an error with its cause, never an empty map.

mod bounded;
mod command;
mod dir;
mod document;
mod exit;
mod git;
#[cfg(feature = "http")]
mod http;
mod identity;
mod json;
mod jsonl;
#[cfg(feature = "tls")]
mod network;
#[cfg(feature = "postgres")]
mod postgres;
mod run;
#[cfg(feature = "sqlite")]
mod sqlite;
mod steady;
mod stop;
#[cfg(test)]
mod testing;
mod values;
mod window;

pub use command::Command;
pub use dir::{BadGlob, Dir};
pub use dosd_network::Secret;
pub use exit::Exit;
pub use git::Git;
#[cfg(feature = "http")]
pub use http::{Http, HttpRequest, HttpRequestError};
pub use identity::Identity;
pub use json::Json;
pub use jsonl::JsonLines;
#[cfg(feature = "postgres")]
pub use postgres::{Postgres, PostgresError};
#[cfg(feature = "sqlite")]
pub use sqlite::{Rows, Sqlite};
