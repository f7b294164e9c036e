//! What an exporter's file has to hold of a journal: each event at least once, the first ones in the order of the
//! journal, and nothing that is no event but the beginning of one.

use std::collections::BTreeSet;

/// Compares the file with the journal. The error says what does not fit.
pub(super) fn compare(journal: &str, exported: &str) -> Result<(), String> {
    let events: Vec<&str> = whole_lines(journal).filter(|line| is_row(line)).collect();
    let known: BTreeSet<&str> = events.iter().copied().collect();
    let mut seen = BTreeSet::new();
    let mut expected = events.iter();
    for line in whole_lines(exported) {
        if !known.contains(line) {
            // A write that was torn is ended by the next writer, and sent again.
            if events.iter().any(|event| event.starts_with(line)) {
                continue;
            }
            return Err(format!("no event: {line}"));
        }
        if seen.insert(line) && expected.next() != Some(&line) {
            return Err(format!("out of order: {line}"));
        }
    }
    match expected.next() {
        None => Ok(()),
        Some(missing) => Err(format!("not exported: {missing}")),
    }
}

fn whole_lines(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'))
}

fn is_row(line: &str) -> bool {
    serde_json::from_str::<serde_json::Value>(line).is_ok_and(|row| row.is_object())
}

#[test]
fn what_is_missing_moved_or_strange_is_seen() {
    let journal = "{\"seq\":1}\n{\"seq\":2}\n{\"se\n{\"seq\":3}\n{\"torn";
    let one_twice_and_one_torn = "{\"seq\":1}\n{\"seq\":2}\n{\"seq\":2}\n{\"s\n{\"seq\":3}\n";
    assert_eq!(compare(journal, one_twice_and_one_torn), Ok(()));
    for (exported, wrong) in [
        ("{\"seq\":1}\n{\"seq\":2}\n", "not exported: {\"seq\":3}"),
        ("{\"seq\":1}\n{\"seq\":3}\n{\"seq\":2}\n", "out of order: {\"seq\":3}"),
        ("{\"seq\":4}\n", "no event: {\"seq\":4}"),
    ] {
        assert_eq!(compare(journal, exported), Err(wrong.to_owned()));
    }
}
