//! Paths as keys.

use std::fmt::Write as _;

/// A path in text, so that no two paths give the same: a byte that is no UTF-8 becomes
/// `\xff`, and a backslash two.
pub(super) fn key(path: &[u8], into: &mut String) {
    into.clear();
    for chunk in path.utf8_chunks() {
        for part in chunk.valid().split_inclusive('\\') {
            into.push_str(part);
            if part.ends_with('\\') {
                into.push('\\');
            }
        }
        for byte in chunk.invalid() {
            // A text takes whatever is written to it.
            let _ = write!(into, "\\x{byte:02x}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::key;
    use proptest::prelude::*;

    fn of(path: &[u8]) -> String {
        let mut into = String::from("before");
        key(path, &mut into);
        into
    }

    #[test]
    fn names_are_texts() {
        for (path, text) in [
            (&b"a/b c.txt"[..], "a/b c.txt"),
            ("é/ü".as_bytes(), "é/ü"),
            (b"a\\b", "a\\\\b"),
            (b"\\", "\\\\"),
            (b"a\xff/\xc3(", "a\\xff/\\xc3("),
            (b"\\xff", "\\\\xff"),
        ] {
            assert_eq!(of(path), text);
        }
    }

    proptest! {
        #[test]
        fn no_two_paths_have_one_key(
            a in proptest::collection::vec(prop_oneof![Just(b'\\'), Just(b'x'), Just(b'f'), Just(0xff), Just(0xc3), Just(0xa9)], 0..6),
            b in proptest::collection::vec(prop_oneof![Just(b'\\'), Just(b'x'), Just(b'f'), Just(0xff), Just(0xc3), Just(0xa9)], 0..6),
        ) {
            prop_assert_eq!(a == b, of(&a) == of(&b));
        }
    }
}
