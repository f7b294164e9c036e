//! What kind of data a path of the workspace holds, by declared globs.
//!
//! Owns the globs and the order in which they are asked. It labels and never decides
//! what happens to a path.

use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

/// The kinds, in the order in which they are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum DataClass {
    /// What a run leaves behind and another could make again.
    Trajectory,
    /// A report about one moment.
    Audit,
    /// What later measurements are compared with.
    Baseline,
    /// What the work is for.
    Product,
}

impl DataClass {
    /// All of them, in the order in which they are asked.
    pub const ALL: [Self; 4] = [Self::Trajectory, Self::Audit, Self::Baseline, Self::Product];

    /// The token that configuration and programs use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trajectory => "TRAJECTORY",
            Self::Audit => "AUDIT",
            Self::Baseline => "BASELINE",
            Self::Product => "PRODUCT",
        }
    }
}

/// The globs of each kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Policy {
    /// Globs of [`DataClass::Trajectory`].
    pub trajectory_patterns: Vec<String>,
    /// Globs of [`DataClass::Audit`].
    pub audit_patterns: Vec<String>,
    /// Globs of [`DataClass::Baseline`].
    pub baseline_patterns: Vec<String>,
    /// Globs of [`DataClass::Product`].
    pub product_patterns: Vec<String>,
    /// What a path is that no glob matches.
    pub default_class: DataClass,
}

/// What the tools themselves write under `.dos/`; everything else is product.
impl Default for Policy {
    fn default() -> Self {
        let globs = |globs: &[&str]| globs.iter().copied().map(String::from).collect();
        Self {
            trajectory_patterns: globs(&[
                ".dos/runs",
                ".dos/fanout_runs",
                ".dos/chained_runs",
                ".dos/dispatch_loops",
                ".dos/verdicts",
            ]),
            audit_patterns: globs(&[
                ".dos/audits",
                ".dos/picker_audits",
                ".dos/**/*.verdict-*.json",
            ]),
            baseline_patterns: globs(&[".dos/baselines"]),
            product_patterns: Vec::new(),
            default_class: DataClass::Product,
        }
    }
}

impl Policy {
    /// The kind of a path relative to the workspace.
    #[must_use]
    pub fn classify(&self, path: &str) -> DataClass {
        let path = path.replace('\\', "/");
        let mut path = path.trim();
        while let Some(rest) = path.strip_prefix("./") {
            path = rest;
        }
        let path = path.trim_start_matches('/');
        let of = |class: &DataClass| match class {
            DataClass::Trajectory => &self.trajectory_patterns,
            DataClass::Audit => &self.audit_patterns,
            DataClass::Baseline => &self.baseline_patterns,
            DataClass::Product => &self.product_patterns,
        };
        let first = DataClass::ALL
            .into_iter()
            .find(|class| of(class).iter().any(|glob| covers(glob, path)));
        first.unwrap_or(self.default_class)
    }
}

/// Whether a declared glob covers a path. One that says nothing about depth names a
/// directory with everything in it.
fn covers(glob: &str, path: &str) -> bool {
    let glob = glob.replace('\\', "/");
    let glob = glob.trim();
    if glob.is_empty() {
        return false;
    }
    if glob.ends_with('/') {
        return matches(&tokens(&[glob, "**"].concat()), path);
    }
    matches(&tokens(glob), path)
        || (!glob.contains("**") && matches(&tokens(&[glob, "/**"].concat()), path))
}

/// A piece of a glob.
enum Token {
    /// This letter.
    Letter(char),
    /// Any one letter but a slash: `?`.
    One,
    /// Any letters but slashes: `*`.
    Within,
    /// Any letters: `**`.
    Across,
    /// Any directories, or none: `**/`.
    Directories,
}

fn tokens(glob: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut letters = glob.chars().peekable();
    while let Some(letter) = letters.next() {
        tokens.push(match letter {
            '*' if letters.next_if_eq(&'*').is_some() => match letters.next_if_eq(&'/') {
                Some(_) => Token::Directories,
                None => Token::Across,
            },
            '*' => Token::Within,
            '?' => Token::One,
            letter => Token::Letter(letter),
        });
    }
    tokens
}

/// Whether the whole path fits: from the last piece to the first, which ends of the
/// path the rest of the glob can take. The work is the product of both lengths.
fn matches(tokens: &[Token], path: &str) -> bool {
    let letters: Vec<char> = path.chars().collect();
    let mut fits: Vec<bool> = (0..=letters.len()).map(|at| at == letters.len()).collect();
    for token in tokens.iter().rev() {
        let mut before = Vec::with_capacity(fits.len());
        // Behind the last letter only what takes nothing fits.
        let mut here = fits.last().copied().unwrap_or(false) && token.may_take_nothing();
        let mut later = false;
        before.push(here);
        for (letter, pair) in letters.iter().zip(fits.windows(2)).rev() {
            let (now, next) = (pair[0], pair[1]);
            let inside = *letter != '/';
            later |= !inside && next;
            here = match token {
                Token::Letter(wanted) => letter == wanted && next,
                Token::One => inside && next,
                Token::Within => now || (inside && here),
                Token::Across => now || here,
                Token::Directories => now || later,
            };
            before.push(here);
        }
        before.reverse();
        fits = before;
    }
    fits.first().copied().unwrap_or(false)
}

impl Token {
    fn may_take_nothing(&self) -> bool {
        matches!(self, Self::Within | Self::Across | Self::Directories)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_cover_what_they_name() {
        for (glob, path, expected) in [
            ("docs/_runs", "docs/_runs", true),
            ("docs/_runs", "docs/_runs/a/b", true),
            ("docs/_runs", "docs/_runs2", false),
            ("docs/_*_base", "docs/_x_base/y", true),
            ("docs/_*_base", "docs/_x/y_base", false),
            ("a/**/b", "a/b", true),
            ("a/**/b", "a/x/y/b", true),
            ("a/**/b", "a/xb", false),
            ("a/**/b", "a/b/c", false),
            ("a/**", "a/", true),
            ("a/**", "ab", false),
            ("a/", "a/x/y", true),
            ("a/", "a", false),
            ("?.txt", "a.txt", true),
            ("?.txt", "/.txt", false),
            ("**x", "a/b/x", true),
            ("a**b", "a/x/b", true),
            ("***/x", "a/x", true),
            ("", "", false),
            (" a\\b ", "a/b", true),
        ] {
            assert_eq!(covers(glob, path), expected, "{glob} over {path}");
        }
    }

    #[test]
    fn the_first_kind_that_matches_wins() {
        let policy = Policy {
            trajectory_patterns: Vec::from(["x".into()]),
            product_patterns: Vec::from(["x/keep".into()]),
            default_class: DataClass::Audit,
            ..Policy::default()
        };
        assert_eq!(policy.classify("./x/keep"), DataClass::Trajectory);
        assert_eq!(policy.classify("elsewhere"), DataClass::Audit);
    }

    #[test]
    fn the_tools_own_files_are_known_without_configuration() {
        let policy = Policy::default();
        for (path, class) in [
            (".dos/runs/a", DataClass::Trajectory),
            ("./.dos/verdicts", DataClass::Trajectory),
            (".dos\\audits\\x", DataClass::Audit),
            (".dos/a/b/x.verdict-1.json", DataClass::Audit),
            (".dos/baselines/x", DataClass::Baseline),
            ("src/main.rs", DataClass::Product),
        ] {
            assert_eq!(policy.classify(path), class, "{path}");
        }
    }

    #[test]
    fn a_glob_full_of_stars_takes_no_time() {
        let glob = "*a".repeat(200);
        assert!(!covers(&glob, &"a".repeat(150)));
    }
}
