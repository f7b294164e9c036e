//! Lines into datagrams. Pure.

/// The datagram that begins with line number `from`: as many lines as fit into `limit` bytes,
/// but at least one, with a line feed between them. `None` behind the last line.
pub(super) fn datagram(lines: &[String], from: usize, limit: usize) -> Option<Datagram> {
    let first = lines.get(from)?;
    let mut bytes = first.clone().into_bytes();
    let mut count = 1;
    for line in lines.iter().skip(from + 1) {
        if bytes.len() + 1 + line.len() > limit {
            break;
        }
        bytes.push(b'\n');
        bytes.extend_from_slice(line.as_bytes());
        count += 1;
    }
    Some(Datagram { bytes, lines: count })
}

/// What is sent at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Datagram {
    pub(super) bytes: Vec<u8>,
    /// How many lines it has.
    pub(super) lines: usize,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_line_is_in_exactly_one_datagram_and_none_is_too_long(
            lines in prop::collection::vec("[a-z:|#,]{1,40}", 0..60),
            limit in 40_usize..200,
        ) {
            let (mut from, mut seen) = (0, Vec::new());
            while let Some(datagram) = datagram(&lines, from, limit) {
                prop_assert!(datagram.bytes.len() <= limit);
                let text = String::from_utf8(datagram.bytes).unwrap();
                let sent: Vec<String> = text.split('\n').map(str::to_owned).collect();
                prop_assert_eq!(sent.len(), datagram.lines);
                // Not one that would have fitted is left for the next.
                let next = lines.get(from + datagram.lines);
                prop_assert!(next.is_none_or(|next| text.len() + 1 + next.len() > limit));
                from += datagram.lines;
                seen.extend(sent);
            }
            prop_assert_eq!(seen, lines);
        }
    }

    #[test]
    fn a_line_that_is_too_long_stands_alone() {
        let lines = ["a".repeat(50), "b".to_owned()];
        assert_eq!(datagram(&lines, 0, 10).unwrap().lines, 1);
        assert_eq!(datagram(&lines, 1, 10).unwrap().bytes, b"b");
        assert_eq!(datagram(&lines, 2, 10), None);
    }
}
