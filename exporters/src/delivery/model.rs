//! Cursor, retry, circuit and dead letters against a simple model: a receiver that does
//! whatever it likes, and a machine that crashes between any two steps. What is performed
//! here is what the exporter performs, without disk, time and actors.

mod laws;
mod machine;
mod plan;
mod receiver;
