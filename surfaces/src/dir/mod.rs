//! A directory: the paths below it, and what is in the files there.

mod entry;
mod list;
mod names;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use dosd_actors::witness::{Entities, Surface, Unreadable};
use dosd_kernel::evidence::Accountability;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::Identity;
use entry::Walker;

/// The files below a directory.
///
/// - A key is the path from there, with `/`. A byte that is no UTF-8 is written `\xff`, and a
///   backslash `\\`.
/// - The value of a file is the BLAKE3 hash of its content, a text of 64 hexadecimal digits.
/// - The value of a symbolic link is an object with its target, `{"symlink": "../x"}`. Links
///   are never followed.
/// - Pipes, sockets and devices are nothing.
/// - A file that is written to while it is read is read again, and at last makes the
///   directory unreadable, unless it only grows; so does what may not be read.
#[derive(Debug, Clone)]
pub struct Dir {
    identity: Identity,
    path: PathBuf,
    /// All files when there is none.
    include: Option<GlobSet>,
    exclude: GlobSet,
}

/// A pattern that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{glob}` is no pattern: {cause}")]
pub struct BadGlob {
    /// The pattern.
    pub glob: String,
    /// What is wrong with it.
    pub cause: String,
}

impl Dir {
    /// The files below `path` that a pattern of `include` means, or all if there is none,
    /// except what a pattern of `exclude` means. A directory that is excluded is not looked
    /// into.
    ///
    /// Patterns are for paths from `path` on: `*` stays within one name, `**` does not.
    ///
    /// # Errors
    /// [`BadGlob`].
    pub fn new(
        identity: Identity,
        path: PathBuf,
        include: &[String],
        exclude: &[String],
    ) -> Result<Self, BadGlob> {
        let include = if include.is_empty() { None } else { Some(globs(include)?) };
        Ok(Self { identity, path, include, exclude: globs(exclude)? })
    }

    /// Whether [`Dir::new`] understands a pattern.
    ///
    /// # Errors
    /// [`BadGlob`].
    pub fn check_pattern(pattern: &str) -> Result<(), BadGlob> {
        globs(&[pattern.to_owned()]).map(|_| ())
    }
}

fn globs(patterns: &[String]) -> Result<GlobSet, BadGlob> {
    let bad = |glob: &str| {
        let glob = glob.to_owned();
        |cause: globset::Error| BadGlob { glob, cause: cause.kind().to_string() }
    };
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let glob = GlobBuilder::new(pattern).literal_separator(true).build();
        set.add(glob.map_err(bad(pattern))?);
    }
    set.build().map_err(bad(&patterns.join(", ")))
}

impl Surface for Dir {
    fn name(&self) -> &str {
        &self.identity.name
    }

    fn kind(&self) -> &'static str {
        "dir"
    }

    fn accountability(&self) -> Accountability {
        self.identity.accountability
    }

    fn read(&self, into: &mut dyn Entities) -> Result<(), Unreadable> {
        Walker::new(&self.path, self.include.as_ref(), &self.exclude, into).walk()
    }
}
