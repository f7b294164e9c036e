//! The sink `file`: the journal's rows as JSON Lines in a file, which is rotated
//! by size. Accepted means synced.

mod config;
mod encode;
mod target;
#[cfg(test)]
mod tests;
mod transport;

pub use config::{FileConfig, Rotation};
pub use encode::Lines;
pub use transport::FileSink;
