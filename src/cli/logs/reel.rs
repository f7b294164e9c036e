//! The kept output of one lane as one stream: its files in the order of their names, which is that of
//! time. It keeps its place while files are set aside, removed and begun.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Where a reader of the output stands.
#[derive(Debug)]
pub(super) struct Reel {
    directory: PathBuf,
    /// Only this run's output.
    run_id: Option<String>,
    place: Option<Place>,
}

#[derive(Debug, Clone)]
struct Place {
    name: String,
    /// A file that is set aside gets another name and stays the same file.
    inode: u64,
    offset: u64,
}

/// One file of a lane's output.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Part {
    name: String,
    inode: u64,
}

impl Part {
    /// Whether this is the file that was read. Numbers of removed files are given to
    /// new ones, which are another run's.
    fn is(&self, place: &Place) -> bool {
        self.inode == place.inode && run_of(&self.name) == run_of(&place.name)
    }
}

impl Reel {
    pub(super) fn new(directory: PathBuf, run_id: Option<String>) -> Self {
        Self { directory, run_id, place: None }
    }

    /// The run that wrote last; none when nothing is kept.
    pub(super) fn newest_run(&self) -> io::Result<Option<String>> {
        Ok(self.parts()?.last().map(|part| run_of(&part.name).to_owned()))
    }

    /// Reads what is new, piece by piece, each with the run that wrote it.
    pub(super) fn read_on(&mut self, mut take: impl FnMut(&str, &[u8])) -> io::Result<()> {
        let parts = self.parts()?;
        let known = |place: &Place| parts.iter().position(|part| part.is(place));
        let mut at = match &self.place {
            None => 0,
            Some(place) => match known(place) {
                Some(at) => at,
                // It was removed: on with the first one after it.
                None => parts.partition_point(|part| part.name <= place.name),
            },
        };
        while let Some(part) = parts.get(at) {
            let offset = match &self.place {
                Some(place) if part.is(place) => place.offset,
                Some(_) | None => 0,
            };
            let bytes = read_from(&self.directory.join(&part.name), part.inode, offset)?;
            take(run_of(&part.name), &bytes);
            let offset = offset + bytes.len() as u64;
            self.place = Some(Place { name: part.name.clone(), inode: part.inode, offset });
            at += 1;
        }
        Ok(())
    }

    fn parts(&self) -> io::Result<Vec<Part>> {
        let entries = match std::fs::read_dir(&self.directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut parts = Vec::new();
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_wanted = self.run_id.as_deref().is_none_or(|run_id| run_id == run_of(&name));
            if is_wanted && let Ok(metadata) = entry.metadata() {
                parts.push(Part { name, inode: metadata.ino() });
            }
        }
        parts.sort_unstable();
        Ok(parts)
    }
}

/// The run in the name of a file: `RUN.log` and `RUN.000001.log`.
fn run_of(name: &str) -> &str {
    name.split_once('.').map_or(name, |(run_id, _)| run_id)
}

/// The bytes behind an offset; none when another file has the name by now.
fn read_from(path: &Path, inode: u64, offset: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(bytes),
        Err(error) => return Err(error),
    };
    if file.metadata()?.ino() == inode {
        file.seek(SeekFrom::Start(offset))?;
        file.read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(reel: &mut Reel) -> String {
        let mut text = String::new();
        reel.read_on(|run_id, bytes| {
            if !bytes.is_empty() {
                text.extend([run_id, ":", &String::from_utf8_lossy(bytes), " "]);
            }
        })
        .unwrap();
        text.trim_end().to_owned()
    }

    #[test]
    fn output_is_followed_through_rotation_removal_and_the_next_run() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let mut reel = Reel::new(directory.path().to_owned(), None);
        assert_eq!((read(&mut reel).as_str(), reel.newest_run().unwrap()), ("", None));
        std::fs::write(path("R1.log"), "ab").unwrap();
        assert_eq!(read(&mut reel), "R1:ab");
        std::fs::write(path("R1.log"), "abc").unwrap();
        assert_eq!(read(&mut reel), "R1:c");
        // Written to, set aside, and begun anew since the last look.
        std::fs::write(path("R1.log"), "abcd").unwrap();
        std::fs::rename(path("R1.log"), path("R1.000001.log")).unwrap();
        std::fs::write(path("R1.log"), "e").unwrap();
        assert_eq!(read(&mut reel), "R1:d R1:e");
        assert_eq!(read(&mut reel), "");
        std::fs::remove_file(path("R1.000001.log")).unwrap();
        std::fs::write(path("R2.log"), "f").unwrap();
        std::fs::remove_file(path("R1.log")).unwrap();
        assert_eq!(read(&mut reel), "R2:f");
        assert_eq!(reel.newest_run().unwrap().as_deref(), Some("R2"));
    }

    #[test]
    fn one_run_is_read_alone() {
        let directory = tempfile::tempdir().unwrap();
        for run_id in ["R1", "R2"] {
            std::fs::write(directory.path().join(format!("{run_id}.log")), run_id).unwrap();
        }
        let mut reel = Reel::new(directory.path().to_owned(), Some("R1".to_owned()));
        assert_eq!(read(&mut reel), "R1:R1");
    }
}
