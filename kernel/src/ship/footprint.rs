//! What a commit touched, as far as it says whether anything was shipped.

use alloc::string::String;
use alloc::vec::Vec;

/// The books that programs keep in a workspace.
const LEDGERS: [&str; 5] = [
    "dos.state.yaml",
    "dos.findings.md",
    "findings-followup-queue.md",
    "execution-state.yaml",
    "plans.yaml",
];

/// What a new version touches.
const VERSION_FILES: [&str; 5] =
    ["version", "version.txt", "pyproject.toml", "__init__.py", "changelog.md"];

const RELEASE_NOTES: &str = "docs/releases/";

/// The files that a commit changed against its first parent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Footprint {
    /// Their paths, from the root of the repository.
    pub paths: Vec<String>,
}

impl Footprint {
    /// Whether the commit changed nothing: anybody can word such a one.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// Whether the commit touched only books and versions: it tells of work and is none.
    #[must_use]
    pub fn is_bookkeeping(&self) -> bool {
        !self.is_empty() && self.paths.iter().all(|path| is_book(path))
    }
}

fn is_book(path: &str) -> bool {
    let path = path.trim().replace('\\', "/").to_lowercase();
    let name = path.rsplit('/').next().unwrap_or_default();
    LEDGERS.contains(&name) || VERSION_FILES.contains(&name) || path.starts_with(RELEASE_NOTES)
}

#[cfg(test)]
mod tests {
    use super::Footprint;

    fn footprint(paths: &[&str]) -> Footprint {
        Footprint { paths: paths.iter().copied().map(Into::into).collect() }
    }

    #[test]
    fn one_real_file_makes_the_difference() {
        assert!(footprint(&["VERSION", "a/__init__.py", "docs/releases/v1.md"]).is_bookkeeping());
        assert!(footprint(&["x/Execution-State.yaml"]).is_bookkeeping());
        assert!(!footprint(&["VERSION", "src/lib.rs"]).is_bookkeeping());
        assert!(!footprint(&[]).is_bookkeeping());
        assert!(footprint(&[]).is_empty());
    }
}
