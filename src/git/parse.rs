//! Git's machine-readable output, taken apart. Bytes in, values out.
//!
//! Fields end in NUL, which no field can hold, so a message or a file name with line ends, tabs or
//! anything else in it stays one field.

use super::commit::{Change, ChangeKind, Commit, Headline};

/// Id, abbreviated id, parents, author time in seconds, subject, body. The leading byte marks the
/// beginning of a commit: no line about a changed file begins with it.
pub(super) const COMMIT_FORMAT: &str = "%x01%H%x00%h%x00%P%x00%at%x00%s%x00%b%x00";

/// Abbreviated id and subject.
pub(super) const HEADLINE_FORMAT: &str = "%h%x00%s%x00";

/// The id, marked as the beginning of a commit.
pub(super) const PATHS_FORMAT: &str = "%x01%H";

const MARK: u8 = 1;

/// The commits of a log in [`COMMIT_FORMAT`], with or without `--raw --numstat`.
pub(super) fn commits(printed: &[u8]) -> Option<Vec<Commit>> {
    let mut fields = Fields(printed);
    let mut commits = Vec::new();
    while let Some(id) = fields.next() {
        let mut commit = Commit {
            id: text(id.strip_prefix(&[MARK])?),
            short_id: text(fields.next()?),
            parents: text(fields.next()?).split_whitespace().map(String::from).collect(),
            author_ms: text(fields.next()?).parse::<i64>().ok()?.saturating_mul(1000),
            subject: text(fields.next()?),
            body: text(fields.next()?),
            changes: Vec::new(),
        };
        // The record's own end.
        fields.next();
        while let Some(field) = fields.next_unless(MARK) {
            note_change(field, &mut fields, &mut commit.changes)?;
        }
        commits.push(commit);
    }
    Some(commits)
}

/// The commits of a log in [`HEADLINE_FORMAT`].
pub(super) fn headlines(printed: &[u8]) -> Option<Vec<Headline>> {
    let mut fields = Fields(printed);
    let mut headlines = Vec::new();
    while let Some(sha) = fields.next() {
        headlines.push(Headline { sha: text(sha), subject: text(fields.next()?) });
        fields.next();
    }
    Some(headlines)
}

/// The changed paths of each commit of a log in [`PATHS_FORMAT`] with `--name-only`.
pub(super) fn paths(printed: &[u8]) -> Option<Vec<Vec<String>>> {
    let mut fields = Fields(printed);
    let mut commits: Vec<Vec<String>> = Vec::new();
    while let Some(field) = fields.next() {
        if is_beginning(field) {
            commits.push(Vec::new());
            continue;
        }
        let paths = commits.last_mut()?;
        // The first one stands on a line of its own.
        let path = if paths.is_empty() { field.strip_prefix(b"\n")? } else { field };
        paths.push(text(path));
    }
    Some(commits)
}

/// Whether a field is a marked id. A path could begin with the mark, and would still be no id.
fn is_beginning(field: &[u8]) -> bool {
    let id = field.strip_prefix(&[MARK]);
    id.is_some_and(|id| id.len() >= 40 && id.iter().all(u8::is_ascii_hexdigit))
}

/// A raw line, `:100644 100644 … … M` with the path in the next field, or a count of lines,
/// `3⇥1⇥path`. Git prints all of the first kind before those of the second.
fn note_change(field: &[u8], fields: &mut Fields<'_>, changes: &mut Vec<Change>) -> Option<()> {
    let field = field.strip_prefix(b"\n").unwrap_or(field);
    if let Some(raw) = field.strip_prefix(b":") {
        let kind = match raw.rsplit(|byte| *byte == b' ').next()?.first()? {
            b'A' => ChangeKind::Added,
            b'D' => ChangeKind::Deleted,
            b'M' => ChangeKind::Modified,
            b'T' => ChangeKind::Retyped,
            _ => ChangeKind::Other,
        };
        changes.push(Change { path: text(fields.next()?), kind, lines: None });
        return Some(());
    }
    let mut parts = field.splitn(3, |byte| *byte == b'\t');
    let (added, removed, path) = (parts.next()?, parts.next()?, text(parts.next()?));
    let count = |digits: &[u8]| text(digits).parse::<i64>().ok();
    let change = changes.iter_mut().find(|change| change.path == path && change.lines.is_none())?;
    change.lines = count(added).zip(count(removed));
    Some(())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What is left of the output.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn next(&mut self) -> Option<&'a [u8]> {
        if self.0.is_empty() {
            return None;
        }
        let end = self.0.iter().position(|byte| *byte == 0).unwrap_or(self.0.len());
        let (field, rest) = self.0.split_at(end);
        self.0 = rest.get(1..).unwrap_or_default();
        Some(field)
    }

    /// The next field, unless it begins with this byte.
    fn next_unless(&mut self, byte: u8) -> Option<&'a [u8]> {
        if self.0.first() == Some(&byte) { None } else { self.next() }
    }
}

#[cfg(test)]
mod tests {
    use super::{ChangeKind, commits, headlines, paths};

    #[test]
    fn a_cut_or_foreign_output_is_none() {
        assert_eq!(commits(b""), Some(Vec::new()));
        assert_eq!(commits(b"\x01ab\0ab\0\0notime\0s\0b\0\0"), None);
        assert_eq!(commits(b"\x01ab\0ab\0"), None);
        assert_eq!(commits(b"ab\0ab\0\x001\0s\0b\0\0"), None);
        assert_eq!(paths(b"a\0"), None);
        let beginning = [&b"\x01"[..], &[b'a'; 40], b"\0"].concat();
        assert_eq!(paths(&[&beginning[..], b"no line end\0"].concat()), None);
        assert_eq!(headlines(b"ab\0"), None);
    }

    #[test]
    fn a_path_may_hold_anything_but_nul() {
        let printed = b"\x01ab\0a\0p q\x0012\0s\0b\n\0\0\
            \n:100644 100644 1 2 M\0\x01x\ty\nz\0:0 1 0 1 A\0bin\0\
            3\t1\t\x01x\ty\nz\0-\t-\tbin\0\x01cd\0c\0\x007\0t\0\0\0";
        let commits = commits(printed).unwrap();
        assert_eq!(commits.len(), 2);
        assert_eq!(commits[0].parents, ["p", "q"]);
        assert_eq!((commits[0].author_ms, commits[0].body.as_str()), (12_000, "b\n"));
        let changes = &commits[0].changes;
        assert_eq!(changes[0].path, "\x01x\ty\nz");
        assert_eq!((changes[0].kind, changes[0].lines), (ChangeKind::Modified, Some((3, 1))));
        assert_eq!((changes[1].kind, changes[1].lines), (ChangeKind::Added, None));
        assert!(commits[1].changes.is_empty());
    }
}
