//! How fast a journal is on the disk of this machine.
//!
//! `cargo bench -p dosd-actors --bench journal` measures; at the end it prints
//! what share of a bare loop of write and `fdatasync` the actor reaches, and with
//! `-- share` nothing else. The files are under the target directory: a file system in memory would measure
//! something else.

mod append;
mod bare;
mod files;
mod fold;
mod share;

use criterion::Criterion;

fn main() {
    let has = |wanted| std::env::args().any(|argument| argument == wanted);
    if !has("share") {
        let mut criterion = Criterion::default().configure_from_args();
        append::measure(&mut criterion);
        fold::measure(&mut criterion);
        criterion.final_summary();
    }
    // A test run only checks that benchmarks run.
    if !has("--test") {
        share::print();
    }
}
