//! The `dosd` binary.
fn main() {}
