//! The program that libFuzzer drives: see `guided.sh`. `--target=NAME` says what, and everything
//! else on the command line is libFuzzer's.
#![no_main]

use std::sync::OnceLock;

use dosd_fuzz::{TARGETS, Target, target};
use libfuzzer_sys::fuzz_target;

static CHOSEN: OnceLock<Target> = OnceLock::new();

/// What the command line names.
fn chosen() -> Target {
    let named = std::env::args().find_map(|word| target(word.strip_prefix("--target=")?));
    let names = TARGETS.map(|target| target.name).join(", ");
    named.unwrap_or_else(|| panic!("give --target=NAME: there are {names}"))
}

fuzz_target!(|bytes: &[u8]| {
    (CHOSEN.get_or_init(chosen).run)(bytes);
});
