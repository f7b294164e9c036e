//! Names that become file names: lanes, witnesses, exporters. It decides what such a name may hold.

use crate::config::section::{Found, Section};
use std::collections::BTreeSet;

/// The longest file name of the file systems that matter, in bytes.
const LONGEST_NAME_BYTES: usize = 255;

/// Why a lane name cannot name a log directory; nothing when it can.
pub(super) fn lane_name_fault(name: &str) -> Option<&'static str> {
    if name.trim().is_empty() {
        return Some("is an empty lane name");
    }
    if name.contains('/') {
        return Some("holds a `/`, so it cannot name a log directory");
    }
    if name.chars().any(char::is_control) {
        return Some("holds a control character, so it cannot name a log directory");
    }
    if name == "." || name == ".." {
        return Some("is a name that every directory already has");
    }
    (name.len() > LONGEST_NAME_BYTES).then_some("is longer than 255 bytes")
}

/// The `name` of one entry of an array of tables: there, well formed, and not `taken`.
pub(super) fn entry_name(section: &Section<'_>, taken: &mut BTreeSet<String>) -> Option<String> {
    let Some(name) = section.text("name") else {
        if !section.has("name") {
            section.missing("name", "give it a name of letters, digits, `_` and `-`");
        }
        return None;
    };
    if !is_plain(&name) {
        name.error(
            format!("`{}` is not a plain name", name.value.escape_debug()),
            "use one or more of letters, digits, `_` and `-`",
        );
        return None;
    }
    if !taken.insert(name.value.to_owned()) {
        name.error(format!("`{}` is used twice", name.value), "give each entry its own name");
        return None;
    }
    Some(name.value.to_owned())
}

fn is_plain(name: &Found<'_, &str>) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let fits = (1..=100).contains(&name.value.len());
    fits && name.value.bytes().all(plain)
}
