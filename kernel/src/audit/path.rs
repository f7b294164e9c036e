//! What kind of file stands behind a path.

use alloc::string::String;

/// Endings of programs. Too many is better than too few: what counts as source can witness.
const SOURCE: [&str; 62] = [
    ".py", ".pyi", ".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".go", ".rs", ".java", ".kt",
    ".kts", ".scala", ".c", ".h", ".cc", ".cpp", ".cxx", ".hpp", ".hh", ".cs", ".rb", ".php",
    ".swift", ".m", ".mm", ".sh", ".bash", ".zsh", ".ps1", ".psm1", ".psd1", ".bat", ".cmd", ".pl",
    ".pm", ".lua", ".r", ".jl", ".dart", ".ex", ".exs", ".erl", ".clj", ".cljs", ".hs", ".ml",
    ".fs", ".vb", ".sql", ".proto", ".tf", ".gradle", ".cmake", ".mk", ".vue", ".svelte", ".elm",
    ".nim", ".zig", ".v",
];
const DOCUMENT: [&str; 5] = [".md", ".rst", ".txt", ".adoc", ".org"];
const TEST_FOLDERS: [&str; 5] = ["test", "tests", "spec", "specs", "__tests__"];
const CI_FILES: [&str; 7] = [
    ".gitlab-ci.yml",
    ".travis.yml",
    "azure-pipelines.yml",
    "appveyor.yml",
    ".appveyor.yml",
    ".circleci/config.yml",
    "bitbucket-pipelines.yml",
];

/// Whether a change to the file can change what a program does. A name without an ending is
/// taken for a program.
pub(super) fn is_source(path: &str) -> bool {
    let path = normal(path);
    let name = path.rsplit('/').next().unwrap_or_default();
    ends_with_any(&path, &SOURCE) || !name.contains('.')
}

/// Whether the file is words for people.
pub(super) fn is_document(path: &str) -> bool {
    ends_with_any(path, &DOCUMENT)
}

/// Whether the file tests something, by its folder or its name.
pub(super) fn is_test(path: &str) -> bool {
    let path = normal(path);
    if path.split('/').any(|part| TEST_FOLDERS.contains(&part)) {
        return true;
    }
    let name = path.rsplit('/').next().unwrap_or_default();
    let Some((stem, ending)) = name.rsplit_once('.') else { return false };
    if ending.is_empty() || !ending.chars().all(|letter| letter.is_ascii_alphanumeric()) {
        return false;
    }
    let before = ["_test", ".test", ".spec"].iter().filter_map(|mark| stem.strip_suffix(mark));
    let after = stem.strip_prefix("test_");
    before.chain(after).any(|rest| !rest.is_empty())
}

/// Whether the file says what an integration server does.
pub(super) fn is_ci(path: &str) -> bool {
    let path = normal(path);
    let workflow =
        path.starts_with(".github/workflows/") && ends_with_any(&path, &[".yml", ".yaml"]);
    workflow || CI_FILES.contains(&path.as_str())
}

fn normal(path: &str) -> String {
    path.replace('\\', "/").trim().to_lowercase()
}

fn ends_with_any(path: &str, endings: &[&str]) -> bool {
    endings.iter().any(|ending| path.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::{is_ci, is_source, is_test};

    #[test]
    fn programs_are_told_from_words_and_data() {
        for path in ["src/Lib.RS", "Makefile", "bin/run", "a.v", ".github/x/Dockerfile"] {
            assert!(is_source(path), "{path}");
        }
        for path in ["README.md", "a.png", "Cargo.lock", "conf.yml", ".gitignore", "a.toml"] {
            assert!(!is_source(path), "{path}");
        }
    }

    #[test]
    fn tests_are_known_by_folder_or_name() {
        for path in [
            "tests/a",
            "a/Spec/b.rb",
            "src/test_a.py",
            "a_test.go",
            "x.spec.ts",
            "a/tests",
            "x.test.js",
        ] {
            assert!(is_test(path), "{path}");
        }
        for path in
            ["src/testing.rs", "latest.py", "test_.py", "a_test", "contest/a.rs", ".test.js"]
        {
            assert!(!is_test(path), "{path}");
        }
    }

    #[test]
    fn ci_has_its_known_places() {
        assert!(is_ci(".github/workflows/a.YAML") && is_ci(".travis.yml"));
        assert!(!is_ci("ci/.travis.yml") && !is_ci(".github/a.yml"));
    }
}
