//! The bounded driver: the kept corpus, then so many mutations of it. A seed decides them all.

use std::fmt;
use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use fastrand::Rng;

use crate::Target;
use crate::corpus::Kept;
use crate::mutate::mutation;
use crate::world::fnv;

/// Where an input came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// It is kept.
    Kept(PathBuf),
    /// It is a mutation of what is kept.
    Mutation {
        /// What decided it.
        seed: u64,
        /// Its number under that seed, from 0.
        number: u64,
    },
}

/// An input that breaks a law.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Of which target.
    pub target: &'static str,
    /// The input.
    pub bytes: Vec<u8>,
    /// Where it came from.
    pub origin: Origin,
    /// What the target said.
    pub said: String,
}

impl Finding {
    /// Writes the input to a file of this directory, which is made when it is missing.
    ///
    /// # Errors
    /// The file system's own.
    pub fn keep(&self, directory: &Path) -> io::Result<PathBuf> {
        fs::create_dir_all(directory)?;
        let path = directory.join(format!("{}-{:016x}", self.target, fnv(&self.bytes)));
        fs::write(&path, &self.bytes)?;
        Ok(path)
    }

    /// The finding, with the command that shows it again.
    #[must_use]
    pub fn report(&self, kept: &Path) -> String {
        let (target, path) = (self.target, kept.display());
        format!("{self}\n  help: `cargo run -p dosd-fuzz -- {target} '{path}'` shows it again")
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { target, bytes, origin, said } = self;
        match origin {
            Origin::Kept(path) => write!(f, "{target}: `{}`", path.display())?,
            Origin::Mutation { seed, number } => {
                write!(f, "{target}: mutation {number} of seed {seed}")?;
            }
        }
        write!(f, " ({} bytes) breaks a law: {said}", bytes.len())
    }
}

/// Runs one input; what the target says when it breaks a law.
#[must_use]
pub fn try_one(target: Target, bytes: &[u8]) -> Option<String> {
    let panic = catch_unwind(AssertUnwindSafe(|| (target.run)(bytes))).err()?;
    let said = panic.downcast_ref::<String>().cloned();
    Some(said.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default())
}

/// Runs the kept inputs and so many mutations; the first that breaks a law.
#[must_use]
pub fn search(target: Target, corpus: &[Kept], seed: u64, mutations: u64) -> Option<Finding> {
    let name = target.name;
    let kept = corpus.iter().find_map(|kept| {
        let said = try_one(target, &kept.bytes)?;
        let origin = Origin::Kept(kept.path.clone());
        Some(Finding { target: name, bytes: kept.bytes.clone(), origin, said })
    });
    let mut random = Rng::with_seed(seed);
    kept.or_else(|| {
        (0..mutations).find_map(|number| {
            let bytes = mutation(corpus, &mut random);
            let said = try_one(target, &bytes)?;
            Some(Finding { target: name, bytes, origin: Origin::Mutation { seed, number }, said })
        })
    })
}
