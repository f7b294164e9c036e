//! What is behind each name, opened from the directory that the name is in: nobody can put
//! a link in the way.

use std::ffi::{CStr, OsStr};
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use dosd_actors::witness::{Entities, Stop, Unreadable};
use dosd_kernel::state_diff::Digester;
use globset::GlobSet;
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, fstat, openat, readlinkat, statat};
use rustix::io::Errno;

use super::list::{Kind, Names};
use super::names::key;
use crate::steady::{BLOCK, Stamp, is_regular, read_full, was_one_state};
use crate::stop::Halt;

/// What changes while it is read is read so often at most.
const ATTEMPTS: u32 = 5;

/// Directories within directories: each holds a descriptor while it is read.
const DEEPEST: u32 = 512;

/// One read of a directory.
pub(super) struct Walker<'a> {
    root: &'a Path,
    include: Option<&'a GlobSet>,
    exclude: &'a GlobSet,
    into: &'a mut dyn Entities,
    max_bytes: u64,
    /// The path of what is read now, from the root.
    path: Vec<u8>,
    key: String,
    block: Vec<u8>,
    digester: Digester,
}

/// What became of one try to read an entry.
enum Tried {
    /// It is handed over, or nothing.
    Done,
    /// It is something else than it was a moment before, or was written to.
    Again,
    /// Nothing has this name any more.
    Gone,
}

impl<'a> Walker<'a> {
    pub(super) fn new(
        root: &'a Path,
        include: Option<&'a GlobSet>,
        exclude: &'a GlobSet,
        into: &'a mut dyn Entities,
    ) -> Self {
        Self {
            root,
            include,
            exclude,
            max_bytes: into.bytes_left(),
            into,
            path: Vec::new(),
            key: String::new(),
            block: vec![0; BLOCK],
            digester: Digester::default(),
        }
    }

    /// Hands everything over.
    pub(super) fn walk(mut self) -> Result<(), Unreadable> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        openat(CWD, self.root, flags, Mode::empty())
            .map_err(Halt::from)
            .and_then(|root| self.directory(root.as_fd(), 0))
            // The path is that of the entry at which it ended.
            .map_err(|halt| {
                let inner = self.as_path();
                let path = if inner == "" { self.root.to_owned() } else { self.root.join(inner) };
                halt.of(path.display())
            })
    }

    fn directory(&mut self, directory: BorrowedFd<'_>, depth: u32) -> Result<(), Halt> {
        if depth > DEEPEST {
            return Err(Halt::Broken(format!("it is more than {DEEPEST} directories deep")));
        }
        let names = Names::of(directory, self.into)?;
        self.in_place(directory, self.as_path())?;
        let outer = self.path.len();
        for (name, kind) in names.iter() {
            if outer > 0 {
                self.path.push(b'/');
            }
            self.path.extend_from_slice(name.to_bytes());
            self.entry(directory, name, kind, depth)?;
            self.path.truncate(outer);
        }
        Ok(())
    }

    fn entry(
        &mut self,
        directory: BorrowedFd<'_>,
        name: &CStr,
        kind: Option<Kind>,
        depth: u32,
    ) -> Result<(), Halt> {
        if self.exclude.is_match(self.as_path()) {
            return Ok(());
        }
        let mut kind = kind;
        for _ in 0..ATTEMPTS {
            let known = match kind.take() {
                Some(kind) => kind,
                None => match statat(directory, name, AtFlags::SYMLINK_NOFOLLOW) {
                    Ok(stat) => Kind::of(FileType::from_raw_mode(stat.st_mode)),
                    Err(Errno::NOENT) => return self.gone(directory),
                    Err(error) => return Err(error.into()),
                },
            };
            let tried = match known {
                Kind::Other => Tried::Done,
                Kind::Directory => self.inner(directory, name, depth)?,
                Kind::File | Kind::Link if !self.is_included() => Tried::Done,
                Kind::File => self.file(directory, name)?,
                Kind::Link => self.link(directory, name)?,
            };
            match tried {
                Tried::Done => return Ok(()),
                Tried::Gone => return self.gone(directory),
                Tried::Again => self.into.go_on()?,
            }
        }
        Err(Halt::Moved)
    }

    /// A name that is gone since it was listed is nothing: what is renamed has another one.
    fn gone(&self, directory: BorrowedFd<'_>) -> Result<(), Halt> {
        self.in_place(directory, self.as_path().parent().unwrap_or(Path::new("")))
    }

    /// That an open directory is still the one at its path. One that was exchanged for
    /// another may be emptied while the names are in the other.
    fn in_place(&self, directory: BorrowedFd<'_>, path: &Path) -> Result<(), Halt> {
        let here = fstat(directory)?;
        match statat(CWD, self.root.join(path), AtFlags::empty()) {
            Ok(there) if (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino) => Ok(()),
            Ok(_) | Err(_) => Err(Halt::Moved),
        }
    }

    fn as_path(&self) -> &Path {
        Path::new(OsStr::from_bytes(&self.path))
    }

    fn is_included(&self) -> bool {
        self.include.is_none_or(|include| include.is_match(self.as_path()))
    }

    fn inner(&mut self, directory: BorrowedFd<'_>, name: &CStr, depth: u32) -> Result<Tried, Halt> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match openat(directory, name, flags, Mode::empty()) {
            Ok(inner) => self.directory(inner.as_fd(), depth + 1).map(|()| Tried::Done),
            Err(error) => gone_or_other(error),
        }
    }

    fn link(&mut self, directory: BorrowedFd<'_>, name: &CStr) -> Result<Tried, Halt> {
        let target = match readlinkat(directory, name, Vec::new()) {
            Ok(target) => target,
            // What is there now is no link.
            Err(Errno::INVAL) => return Ok(Tried::Again),
            Err(error) => return gone_or_other(error),
        };
        key(target.to_bytes(), &mut self.key);
        self.digester.begin_object();
        self.digester.field("symlink");
        self.digester.text(&self.key);
        let digest = self.digester.end_object();
        key(&self.path, &mut self.key);
        self.into.digested(&self.key, digest, target.count_bytes() as u64)?;
        Ok(Tried::Done)
    }

    fn file(&mut self, directory: BorrowedFd<'_>, name: &CStr) -> Result<Tried, Halt> {
        let flags =
            OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = match openat(directory, name, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            // A socket, or a device that is gone.
            Err(Errno::NXIO | Errno::NODEV) => return Ok(Tried::Again),
            Err(error) => return gone_or_other(error),
        };
        let stat = fstat(&file)?;
        if !is_regular(&stat) {
            return Ok(Tried::Again);
        }
        let stamp = Stamp::of(&stat);
        if stamp.len > self.into.bytes_left() {
            return Err(Stop::TooLarge { max: self.max_bytes }.into());
        }
        let mut hasher = blake3::Hasher::new();
        let mut left = stamp.len;
        while left > 0 {
            let want = usize::try_from(left).unwrap_or(BLOCK).min(BLOCK);
            let got = read_full(&file, &mut self.block[..want])?;
            if got < want {
                return Ok(Tried::Again);
            }
            hasher.update(&self.block[..got]);
            left -= got as u64;
            if left > 0 {
                self.into.go_on()?;
            }
        }
        let hash = hasher.finalize();
        if !was_one_state(&file, stamp, hash, self.into)? {
            return Ok(Tried::Again);
        }
        key(&self.path, &mut self.key);
        let digest = self.digester.digest_text(&hash.to_hex());
        self.into.digested(&self.key, digest, stamp.len)?;
        Ok(Tried::Done)
    }
}

/// What is something else by now is looked at again.
fn gone_or_other(error: Errno) -> Result<Tried, Halt> {
    match error {
        Errno::NOENT => Ok(Tried::Gone),
        Errno::LOOP | Errno::NOTDIR | Errno::ISDIR => Ok(Tried::Again),
        error => Err(error.into()),
    }
}
