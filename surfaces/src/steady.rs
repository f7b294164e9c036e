//! Reading a file that others may write to meanwhile: what is read has been its content at
//! one moment, or it is known that nobody can tell.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::Duration;

use dosd_actors::witness::Entities;
use rustix::fs::{FileType, OFlags, Stat, fstat};
use rustix::time::{ClockId, clock_gettime};

use crate::stop::Halt;

/// What changes with every write: the length, and when it was written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) len: u64,
    seconds: i64,
    nanos: i64,
}

impl Stamp {
    #[expect(clippy::cast_possible_wrap, reason = "less than a billion")]
    pub(crate) fn of(stat: &Stat) -> Self {
        Self {
            len: u64::try_from(stat.st_size).unwrap_or_default(),
            seconds: stat.st_mtime,
            nanos: stat.st_mtime_nsec as i64,
        }
    }

    /// Whether a write that comes now may leave no trace, because the clock that writes are
    /// stamped with has not moved on since the last one.
    pub(crate) fn is_fresh(&self) -> bool {
        let now = clock_gettime(ClockId::RealtimeCoarse);
        let since = (now.tv_sec - self.seconds)
            .saturating_mul(1_000_000_000)
            .saturating_add(now.tv_nsec - self.nanos);
        // One from the far future was not made by that clock, so the next write shows.
        (-100_000_000..=0).contains(&since)
    }
}

/// How often a file that is written to again and again is waited for, a millisecond each.
const WAITS: u32 = 200;

/// The stamp of an open file or directory, once every later write will show.
pub(crate) fn settled(file: impl AsFd, into: &mut dyn Entities) -> Result<Stamp, Halt> {
    for _ in 0..WAITS {
        let stamp = stamp(&file)?;
        if !stamp.is_fresh() {
            return Ok(stamp);
        }
        into.go_on()?;
        // A tick of that clock takes a few milliseconds.
        std::thread::park_timeout(Duration::from_millis(1));
    }
    Err(Halt::Moved)
}

/// The stamp of an open file that lines are appended to. One that was just emptied is waited
/// for: whoever did it is about to write it anew.
pub(crate) fn not_just_emptied(file: &File, into: &mut dyn Entities) -> Result<Stamp, Halt> {
    for _ in 0..WAITS {
        let stamp = stamp(file)?;
        if stamp.len > 0 || !stamp.is_fresh() {
            return Ok(stamp);
        }
        into.go_on()?;
        std::thread::park_timeout(Duration::from_millis(1));
    }
    Err(Halt::Moved)
}

/// The stamp of an open file.
pub(crate) fn stamp(file: impl AsFd) -> io::Result<Stamp> {
    Ok(Stamp::of(&fstat(file)?))
}

/// Whether nobody has written to it since.
pub(crate) fn is_still(file: impl AsFd, stamp: Stamp) -> io::Result<bool> {
    Ok(self::stamp(file)? == stamp)
}

/// Whether the first bytes of a file, that were read since it had this stamp and have this
/// hash, have been its content at one moment: nobody wrote to it, or only behind them.
pub(crate) fn was_one_state(
    file: &File,
    stamp: Stamp,
    hash: blake3::Hash,
    into: &mut dyn Entities,
) -> Result<bool, Halt> {
    if stamp.len == 0 && file.read_at(&mut [0], 0)? > 0 && self::stamp(file)?.len == 0 {
        return Err(Halt::broken("it has content and says that it is empty"));
    }
    if !stamp.is_fresh() && is_still(file, stamp)? {
        return Ok(true);
    }
    let mut again = blake3::Hasher::new();
    let mut block = vec![0; BLOCK];
    let mut offset = 0;
    while offset < stamp.len {
        into.go_on()?;
        let want = usize::try_from(stamp.len - offset).unwrap_or(BLOCK).min(BLOCK);
        let got = match file.read_at(&mut block[..want], offset) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            got => got?,
        };
        if got == 0 {
            return Ok(false);
        }
        again.update(&block[..got]);
        offset += got as u64;
    }
    Ok(again.finalize() == hash)
}

/// So much is read at once.
pub(crate) const BLOCK: usize = 256 << 10;

/// Opens a regular file, and nothing that could keep its reader waiting.
pub(crate) fn open_regular(path: &Path) -> io::Result<File> {
    // Before it is opened, because opening is an act of its own for a pipe or a device.
    if !fs::metadata(path)?.is_file() {
        return Err(no_file());
    }
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let flags = i32::try_from(flags.bits()).unwrap_or_default();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    if is_regular(&fstat(&file)?) {
        return Ok(file);
    }
    Err(no_file())
}

pub(crate) fn is_regular(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
}

fn no_file() -> io::Error {
    io::Error::other("it is no regular file")
}

/// Reads until `into` is full or the file ends; says how many bytes it got.
pub(crate) fn read_full(mut from: impl Read, into: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < into.len() {
        match from.read(&mut into[filled..]) {
            Ok(0) => break,
            Ok(got) => filled += got,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, OpenOptions};
    use std::io::Write as _;

    use dosd_actors::witness::{Entities, Stop};
    use dosd_kernel::state_diff::Digest;

    use super::{
        Duration, is_still, not_just_emptied, open_regular, settled, stamp, was_one_state,
    };

    /// Takes nothing and has all the time.
    struct Patient;

    impl Entities for Patient {
        fn entity(&mut self, _: &str, _: serde_json::Value) -> Result<(), Stop> {
            Ok(())
        }

        fn digested(&mut self, _: &str, _: Digest, _: u64) -> Result<(), Stop> {
            Ok(())
        }

        fn unfinished(&mut self, _: String) {}

        fn go_on(&mut self) -> Result<(), Stop> {
            Ok(())
        }

        fn time_left(&self) -> Duration {
            Duration::MAX
        }

        fn bytes_left(&self) -> u64 {
            u64::MAX
        }
    }

    /// What becomes of a file between a read of it and the question whether it was whole.
    fn was_whole(change: impl FnOnce(&std::path::Path)) -> bool {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, b"content").unwrap();
        let file = open_regular(&path).unwrap();
        let stamp = stamp(&file).unwrap();
        let hash = blake3::hash(&fs::read(&path).unwrap());
        change(&path);
        was_one_state(&file, stamp, hash, &mut Patient).unwrap()
    }

    #[test]
    fn a_file_was_one_state_unless_what_was_read_is_written_to() {
        assert!(was_whole(|_| {}));
        assert!(was_whole(|path| {
            OpenOptions::new().append(true).open(path).unwrap().write_all(b"more").unwrap();
        }));
        assert!(was_whole(|path| fs::remove_file(path).unwrap()));
        assert!(was_whole(|path| {
            fs::write(path.with_extension("new"), b"another").unwrap();
            fs::rename(path.with_extension("new"), path).unwrap();
        }));
        assert!(!was_whole(|path| fs::write(path, b"CONTENT").unwrap()));
        assert!(!was_whole(|path| fs::write(path, b"cont").unwrap()));
        assert!(!was_whole(|path| fs::write(path, b"").unwrap()));
    }

    #[test]
    fn a_file_that_does_not_tell_its_length_is_not_taken_for_empty() {
        let file = open_regular("/proc/self/status".as_ref()).unwrap();
        let stamp = stamp(&file).unwrap();
        assert!(was_one_state(&file, stamp, blake3::hash(b""), &mut Patient).is_err());
    }

    #[test]
    fn a_file_that_was_just_emptied_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        fs::write(&path, b"line").unwrap();
        let file = open_regular(&path).unwrap();
        assert_eq!(not_just_emptied(&file, &mut Patient).unwrap().len, 4, "it is not empty");
        for _ in 0..5 {
            fs::write(&path, b"").unwrap();
            let stamp = not_just_emptied(&file, &mut Patient).unwrap();
            assert!(stamp.len == 0 && !stamp.is_fresh(), "it stayed empty");
        }
    }

    #[test]
    fn once_settled_every_write_shows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for round in 0..20 {
            fs::write(&path, [round]).unwrap();
            let file = open_regular(&path).unwrap();
            let stamp = settled(&file, &mut Patient).unwrap();
            assert!(is_still(&file, stamp).unwrap());
            // Of the same length, and at once.
            fs::write(&path, [round + 1]).unwrap();
            assert!(!is_still(&file, stamp).unwrap(), "round {round}");
        }
    }
}
