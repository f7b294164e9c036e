//! Following a journal without writing to it: what was read once is never read again. It takes no
//! lock, and it asks nobody: a verb that only looks must not stand in a writer's way.
//!
//! A file that became shorter, or is another one, or does not hold any more what was read from it,
//! was rewritten; it is then read afresh.

use dosd_actors::journal::scan;
use dosd_kernel::fold::Fold;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

/// How much of the beginning, and of the end of what was read, is compared at the next look.
const SAMPLE: usize = 128;

/// What a look at the journal found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Followed {
    /// Nothing that was not known.
    Unchanged,
    /// Lines were added; they are folded.
    Grown,
    /// It was rewritten; the fold was made anew.
    Rewritten,
}

/// A journal and the state that it adds up to.
#[derive(Debug)]
pub struct Follower<F> {
    path: PathBuf,
    /// The complete lines.
    fold: F,
    /// The complete lines and a last one that only lacks its newline, when there is one: it counts,
    /// but its writer may not be done with it.
    ahead: Option<F>,
    seen: Seen,
}

/// What was read of which file.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    /// Device and inode; none before there was a file.
    file: Option<(u64, u64)>,
    /// Bytes of complete lines.
    folded: u64,
    /// The unfinished last line.
    tail: Vec<u8>,
    first: Vec<u8>,
    last: Vec<u8>,
}

impl<F: Fold + Clone> Follower<F> {
    /// Nothing is read yet. The file need not exist.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { path, fold: F::default(), ahead: None, seen: Seen::default() }
    }

    /// The journal's path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The state as of the last look.
    pub fn state(&mut self) -> &mut F {
        self.ahead.as_mut().unwrap_or(&mut self.fold)
    }

    /// Reads what was added since the last look.
    ///
    /// # Errors
    ///
    /// What the system says; a file that is not there is an empty journal.
    pub fn follow(&mut self) -> io::Result<Followed> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(self.start_over(None)),
            Err(cause) => return Err(cause),
        };
        let stat = file.metadata()?;
        let identity = Some((stat.dev(), stat.ino()));
        let mut followed = Followed::Unchanged;
        if self.seen.file != identity || !self.seen.still_stands_in(&file)? {
            followed = self.start_over(identity);
        }
        let rest = read_from(&file, self.seen.folded)?;
        if rest == self.seen.tail {
            return Ok(followed);
        }
        self.fold_rest(rest);
        Ok(if followed == Followed::Unchanged { Followed::Grown } else { followed })
    }

    /// Forgets everything; a first look is no rewrite.
    fn start_over(&mut self, file: Option<(u64, u64)>) -> Followed {
        let rewritten = self.seen.file.is_some();
        (self.fold, self.ahead) = (F::default(), None);
        self.seen = Seen { file, ..Seen::default() };
        if rewritten { Followed::Rewritten } else { Followed::Unchanged }
    }

    /// Folds the bytes after what is folded.
    fn fold_rest(&mut self, mut rest: Vec<u8>) {
        let complete = rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        let tail = rest.split_off(complete);
        scan(&rest, &mut self.fold);
        self.seen.learn(&rest);
        self.ahead = None;
        if !tail.is_empty() {
            let mut ahead = self.fold.clone();
            if scan(&tail, &mut ahead).torn.is_none() {
                self.ahead = Some(ahead);
            }
        }
        self.seen.tail = tail;
    }
}

impl Seen {
    /// Notes complete lines that follow what is folded.
    fn learn(&mut self, bytes: &[u8]) {
        self.folded += bytes.len() as u64;
        let room = SAMPLE.saturating_sub(self.first.len());
        self.first.extend(bytes.iter().take(room));
        self.last.extend(bytes.iter().skip(bytes.len().saturating_sub(SAMPLE)));
        self.last.drain(..self.last.len().saturating_sub(SAMPLE));
    }

    /// Whether what was read is still where it was read.
    fn still_stands_in(&self, file: &File) -> io::Result<bool> {
        let last_at = self.folded.saturating_sub(self.last.len() as u64);
        Ok(holds(file, &self.first, 0)? && holds(file, &self.last, last_at)?)
    }
}

fn holds(file: &File, expected: &[u8], at: u64) -> io::Result<bool> {
    let mut found = vec![0; expected.len()];
    match file.read_exact_at(&mut found, at) {
        Ok(()) => Ok(found == expected),
        Err(cause) if cause.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(cause) => Err(cause),
    }
}

/// All bytes from `at` on.
fn read_from(file: &File, at: u64) -> io::Result<Vec<u8>> {
    use std::io::{Read, Seek, SeekFrom};
    let mut file = file;
    file.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dosd_kernel::draft::Draft;
    use dosd_kernel::lines::LineKind;
    use std::io::Write;

    /// Remembers the lines that it was given.
    #[derive(Debug, Clone, Default)]
    struct Lines(Vec<String>);

    impl Fold for Lines {
        fn apply_line(&mut self, line: &str) -> LineKind {
            self.0.push(line.to_owned());
            LineKind::Row
        }

        fn apply_draft(&mut self, _: &Draft, _: u64) {}

        fn highest_seq(&self) -> u64 {
            0
        }
    }

    struct Journal {
        _directory: tempfile::TempDir,
        follower: Follower<Lines>,
    }

    impl Journal {
        fn new() -> Self {
            let directory = tempfile::tempdir().unwrap();
            let follower = Follower::new(directory.path().join("j.jsonl"));
            Self { _directory: directory, follower }
        }

        fn append(&self, text: &str) {
            let mut options = std::fs::OpenOptions::new();
            let mut file = options.create(true).append(true).open(self.follower.path()).unwrap();
            file.write_all(text.as_bytes()).unwrap();
        }

        fn look(&mut self) -> (Followed, Vec<String>) {
            let followed = self.follower.follow().unwrap();
            (followed, self.follower.state().0.clone())
        }
    }

    #[test]
    fn each_line_is_folded_once() {
        let mut journal = Journal::new();
        assert_eq!(journal.look(), (Followed::Unchanged, vec![]));
        journal.append("{\"a\":1}\n");
        assert_eq!(journal.look().0, Followed::Grown);
        assert_eq!(journal.look().0, Followed::Unchanged);
        journal.append("{\"a\":2}\n{\"a\":3}\n");
        let lines = ["{\"a\":1}", "{\"a\":2}", "{\"a\":3}"].map(str::to_owned).to_vec();
        assert_eq!(journal.look(), (Followed::Grown, lines));
    }

    #[test]
    fn a_last_line_counts_when_it_is_whole_and_only_once() {
        let mut journal = Journal::new();
        journal.append("{\"a\":1}\n{\"a\":2");
        assert_eq!(journal.look().1, ["{\"a\":1}"]);
        journal.append("}");
        assert_eq!(journal.look().1, ["{\"a\":1}", "{\"a\":2}"]);
        assert_eq!(journal.look().0, Followed::Unchanged);
        journal.append("\n");
        assert_eq!(journal.look().1, ["{\"a\":1}", "{\"a\":2}"]);
        journal.append("{\"a\":3}");
        assert_eq!(journal.look().1, ["{\"a\":1}", "{\"a\":2}", "{\"a\":3}"]);
        // A careless writer goes on in the same line: it was no row after all.
        journal.append("rubbish\n");
        assert_eq!(journal.look().1[2], "{\"a\":3}rubbish");
    }

    #[test]
    fn a_rewritten_file_is_read_afresh() {
        let mut journal = Journal::new();
        journal.append("{\"a\":1}\n{\"a\":2}\n");
        journal.look();
        // Shorter, in place.
        std::fs::write(journal.follower.path(), "{\"b\":1}\n").unwrap();
        assert_eq!(journal.look(), (Followed::Rewritten, vec!["{\"b\":1}".to_owned()]));
        // Longer, in place, and different from the first byte on.
        std::fs::write(journal.follower.path(), "{\"c\":1}\n{\"c\":2}\n").unwrap();
        assert_eq!(journal.look().0, Followed::Rewritten);
        assert_eq!(journal.follower.state().0, ["{\"c\":1}", "{\"c\":2}"]);
        // Another file under the same name, which begins alike.
        let aside = journal.follower.path().with_extension("new");
        std::fs::write(&aside, "{\"c\":1}\n{\"c\":2}\n{\"c\":3}\n").unwrap();
        std::fs::rename(&aside, journal.follower.path()).unwrap();
        assert_eq!(journal.look().0, Followed::Rewritten);
        assert_eq!(journal.follower.state().0.len(), 3);
        std::fs::remove_file(journal.follower.path()).unwrap();
        assert_eq!(journal.look(), (Followed::Rewritten, vec![]));
        assert_eq!(journal.look().0, Followed::Unchanged);
    }

    #[test]
    fn what_cannot_be_read_is_an_error_and_no_empty_journal() {
        let mut journal = Journal::new();
        std::fs::create_dir(journal.follower.path()).unwrap();
        assert!(journal.follower.follow().is_err());
    }
}
