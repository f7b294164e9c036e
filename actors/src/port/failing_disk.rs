//! The real file system with failpoints around what leaves a trace. It knows files by the names that they
//! have when nothing is configured, and never decides what happens at a point.

use std::io;
use std::path::{Path, PathBuf};

use super::disk::{self, Disk};
use super::failpoint::{Point, exports_are_late, happen, is_due, pass};
use super::storage::{AppendFile, ChangeStream, FileStat, FsLock, Storage};

/// [`Disk`] with failpoints.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct FailingDisk;

/// The points around what is appended to a file.
#[derive(Debug, Clone, Copy)]
struct Appending {
    before: Point,
    /// Between the halves of one write.
    within: Point,
    after: Point,
    sync_before: Point,
    sync_after: Point,
}

const LANES: Appending = Appending {
    before: Point::LanesAppendBefore,
    within: Point::LanesAppendWithin,
    after: Point::LanesAppendAfter,
    sync_before: Point::LanesSyncBefore,
    sync_after: Point::LanesSyncAfter,
};

const VERDICTS: Appending = Appending {
    before: Point::VerdictsAppendBefore,
    within: Point::VerdictsAppendWithin,
    after: Point::VerdictsAppendAfter,
    sync_before: Point::VerdictsSyncBefore,
    sync_after: Point::VerdictsSyncAfter,
};

const EXPORT: Appending = Appending {
    before: Point::ExportAppendBefore,
    within: Point::ExportAppendWithin,
    after: Point::ExportAppendAfter,
    sync_before: Point::ExportSyncBefore,
    sync_after: Point::ExportSyncAfter,
};

const DEAD: Appending = Appending {
    before: Point::DeadAppendBefore,
    within: Point::DeadAppendWithin,
    after: Point::DeadAppendAfter,
    sync_before: Point::DeadSyncBefore,
    sync_after: Point::DeadSyncAfter,
};

fn name_of(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

/// Whether the directory that a file is in has this name.
fn is_in(path: &Path, directory: &str) -> bool {
    path.parent().is_some_and(|parent| name_of(parent) == directory)
}

fn appending(path: &Path) -> Option<Appending> {
    match name_of(path) {
        "lane-journal.jsonl" => Some(LANES),
        "verdict-journal.jsonl" => Some(VERDICTS),
        name if name.ends_with(".dead.jsonl") => Some(DEAD),
        _ if path.extension() == Some("jsonl".as_ref()) && !is_in(path, "baseline") => Some(EXPORT),
        _ => None,
    }
}

/// Does `work` between two points, if there are any.
fn between<T>(
    points: Option<(Point, Point)>,
    work: impl FnOnce() -> io::Result<T>,
) -> io::Result<T> {
    let Some((before, after)) = points else { return work() };
    pass(before)?;
    let done = work()?;
    pass(after)?;
    Ok(done)
}

fn lease_take(path: &Path) -> Option<(Point, Point)> {
    (name_of(path) == ".lane-lease.lock").then_some((Point::LeaseTakeBefore, Point::LeaseTakeAfter))
}

impl Storage for FailingDisk {
    fn open_append(&self, path: &Path) -> io::Result<Box<dyn AppendFile>> {
        let file = Disk.open_append(path)?;
        Ok(match appending(path) {
            Some(points) => Box::new(FailingFile { file, points, late: Vec::new() }),
            None => file,
        })
    }

    fn sync_parent(&self, path: &Path) -> io::Result<()> {
        Disk.sync_parent(path)
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<PathBuf>> {
        Disk.list(directory)
    }

    fn folders(&self, directory: &Path) -> io::Result<Vec<PathBuf>> {
        Disk.folders(directory)
    }

    fn stat(&self, path: &Path) -> io::Result<Option<FileStat>> {
        Disk.stat(path)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        Disk.read(path)
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        match name_of(path) {
            name if name.ends_with(".compacting") => {
                let points = (Point::CompactStageBefore, Point::CompactStageAfter);
                between(Some(points), || Disk.replace(path, bytes))
            }
            _ if is_in(path, "exporters") => {
                pass(Point::CursorSaveBefore)?;
                let staged = disk::stage(path, bytes)?;
                pass(Point::CursorSaveWritten)?;
                disk::put_in_place(&staged, path)?;
                pass(Point::CursorSaveRenamed)?;
                disk::sync_directory_of(path)?;
                pass(Point::CursorSaveAfter)
            }
            _ => Disk.replace(path, bytes),
        }
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        let points = name_of(from) == "lane-journal.jsonl";
        let points = points.then_some((Point::CompactLinkBefore, Point::CompactLinkAfter));
        between(points, || Disk.link(from, to))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let points = match name_of(from) {
            name if name.ends_with(".compacting") => {
                Some((Point::CompactSwapBefore, Point::CompactSwapAfter))
            }
            name if name.ends_with(".dead.jsonl") => {
                Some((Point::ReplayBeginBefore, Point::ReplayBeginAfter))
            }
            _ => None,
        };
        between(points, || Disk.rename(from, to))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let points = match name_of(path) {
            ".lane-lease.lock" => Some((Point::LeaseGiveBefore, Point::LeaseGiveAfter)),
            name if name.ends_with(".replaying.jsonl") => {
                Some((Point::ReplayEndBefore, Point::ReplayEndAfter))
            }
            _ => None,
        };
        between(points, || Disk.remove(path))
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        Disk.create_dir_all(path)
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        let points = is_in(path, "runs").then_some((Point::RunCleanBefore, Point::RunCleanAfter));
        between(points, || Disk.remove_dir_all(path))
    }

    fn create_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let keep = || {
            let is_baseline = name_of(path) == "baseline.json";
            is_baseline.then_some((Point::BaselineKeepBefore, Point::BaselineKeepAfter))
        };
        between(lease_take(path).or_else(keep), || Disk.create_new(path, bytes))
    }

    fn take_over(&self, path: &Path, seen: &[u8], bytes: &[u8]) -> io::Result<bool> {
        between(lease_take(path), || Disk.take_over(path, seen, bytes))
    }

    fn try_lock(&self, path: &Path) -> io::Result<Option<Box<dyn FsLock>>> {
        Disk.try_lock(path)
    }

    fn changes(&self, path: &Path) -> io::Result<ChangeStream> {
        Disk.changes(path)
    }
}

/// A file that is appended to, between its points.
struct FailingFile {
    file: Box<dyn AppendFile>,
    points: Appending,
    /// What the planted bug keeps back.
    late: Vec<u8>,
}

impl AppendFile for FailingFile {
    fn stat(&self) -> io::Result<FileStat> {
        self.file.stat()
    }

    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(into, offset)
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<usize> {
        pass(self.points.before)?;
        if is_due(self.points.within) {
            // A row torn in its middle: what a full disk and a lost machine leave.
            self.file.append(bytes.get(..bytes.len() / 2).unwrap_or_default())?;
            happen()?;
            return Ok(bytes.len() / 2);
        }
        let taken = if exports_are_late() && self.points.before == EXPORT.before {
            let late = std::mem::replace(&mut self.late, bytes.to_vec());
            self.file.append(&late)?;
            bytes.len()
        } else {
            self.file.append(bytes)?
        };
        pass(self.points.after)?;
        Ok(taken)
    }

    fn begin_sync(&self, from: u64, len: u64) {
        self.file.begin_sync(from, len);
    }

    fn sync(&self) -> io::Result<()> {
        between(Some((self.points.sync_before, self.points.sync_after)), || self.file.sync())
    }
}
