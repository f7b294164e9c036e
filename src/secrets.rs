//! From where a secret is to what it is, at the moment when somebody needs it. No copy is
//! kept, and no error quotes one.

use crate::config::Secret;
use crate::workspace::Workspace;
use std::path::Path;

/// A larger file is no secret but a mistake.
const MOST_BYTES: u64 = 64 * 1024;

/// What a text stands for.
///
/// # Errors
///
/// Why there is nothing, in words.
pub fn reveal(secret: &Secret, workspace: &Workspace) -> Result<dosd_network::Secret, String> {
    match secret {
        Secret::Plain(text) => Ok(dosd_network::Secret::new(text.clone())),
        Secret::Given(secret) => Ok(secret.clone()),
        Secret::Environment(name) => crate::env::variable(name)
            .map(dosd_network::Secret::new)
            .ok_or_else(|| format!("the environment variable `{name}` is not set")),
        Secret::File(path) => first_line(&workspace.resolve_path(path)),
    }
}

/// What keeps a secret from being there.
#[must_use]
pub fn problem(secret: &Secret, workspace: &Workspace) -> Option<String> {
    reveal(secret, workspace).err()
}

fn first_line(path: &Path) -> Result<dosd_network::Secret, String> {
    let shown = path.display();
    let fault = |cause: &dyn std::fmt::Display| format!("cannot read `{shown}`: {cause}");
    let length = std::fs::metadata(path).map_err(|cause| fault(&cause))?.len();
    if length > MOST_BYTES {
        return Err(fault(&"it is too large for a secret"));
    }
    let text = std::fs::read_to_string(path).map_err(|cause| fault(&cause))?;
    match text.lines().next().map(str::trim) {
        Some(line) if !line.is_empty() => Ok(dosd_network::Secret::new(line)),
        Some(_) | None => Err(fault(&"its first line is empty")),
    }
}

#[cfg(test)]
mod tests {
    use super::reveal;
    use crate::config::Secret;
    use crate::env::Environment;
    use crate::workspace::Workspace;

    #[test]
    fn a_file_gives_its_first_line_and_no_error_quotes_it() {
        let directory = tempfile::tempdir().unwrap();
        let workspace =
            Workspace::resolve(Some(directory.path()), &Environment::default()).unwrap();
        let of = |name: &str, text: &str| {
            std::fs::write(directory.path().join(name), text).unwrap();
            reveal(&Secret::File(name.into()), &workspace)
        };
        assert_eq!(of("good", " word \nmore\n").unwrap().expose(), "word");
        assert!(of("empty", "\nword\n").unwrap_err().ends_with("its first line is empty"));
        let long = of("long", &"word".repeat(20_000)).unwrap_err();
        assert!(long.ends_with("too large for a secret") && long.len() < 300, "{long}");
        let missing = reveal(&Secret::File("missing".into()), &workspace).unwrap_err();
        assert!(missing.contains("missing`: No such file"), "{missing}");
    }
}
