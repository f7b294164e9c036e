//! The resident memory of this process.

use std::fs;

/// What is resident now, in bytes; from here on, [`peak`] counts anew.
pub(crate) fn begin() -> u64 {
    fs::write("/proc/self/clear_refs", "5").expect("a peak that can be forgotten");
    read("VmRSS:")
}

/// The most that was resident since [`begin`], in bytes.
pub(crate) fn peak() -> u64 {
    read("VmHWM:")
}

fn read(key: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("a process table");
    let line = status.lines().find_map(|line| line.strip_prefix(key)).expect("a figure");
    let kilobytes = line.trim().trim_end_matches("kB").trim();
    kilobytes.parse::<u64>().expect("a number") * 1024
}
