//! Values that were not typed: the environment, and the workspace's `.env` behind it.

use crate::env::Environment;
use crate::workspace::Workspace;

/// A variable's value by its name.
type LookUp = dyn Fn(&str) -> Option<String>;

/// Where values are looked up that were not typed.
pub(in crate::cli) struct Surroundings {
    variables: Box<LookUp>,
    dot_env: String,
}

impl Surroundings {
    /// Surroundings of a test's own.
    #[cfg(test)]
    pub(in crate::cli) fn new(
        variables: impl Fn(&str) -> Option<String> + 'static,
        dot_env: &str,
    ) -> Self {
        Self { variables: Box::new(variables), dot_env: dot_env.to_owned() }
    }

    /// The environment, and the workspace's `.env` behind it.
    pub(in crate::cli) fn of(workspace: &Workspace, environment: &Environment) -> Self {
        let dot_env = std::fs::read_to_string(workspace.root().join(".env")).unwrap_or_default();
        // A test of this process has its own.
        let file = environment.export_file.as_ref().map(|path| path.display().to_string());
        let variables = move |name: &str| match name {
            "DOS_EXPORT_FILE" => file.clone(),
            _ => crate::env::variable(name),
        };
        Self { variables: Box::new(variables), dot_env }
    }

    /// A variable's value.
    pub(in crate::cli) fn get(&self, name: &str) -> Option<String> {
        (self.variables)(name).or_else(|| dot_env(&self.dot_env, name).map(ToOwned::to_owned))
    }

    /// What was typed, or else a variable's value; a blank one is none.
    pub(in crate::cli) fn typed_or(&self, typed: Option<String>, name: &str) -> Option<String> {
        typed.filter(|text| !text.trim().is_empty()).or_else(|| self.get(name))
    }
}

/// A variable's value in the text of a `.env` file; the last one counts.
fn dot_env<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let mut values = lines.filter_map(|line| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == name).then(|| value.trim().trim_matches('"').trim_matches('\''))
    });
    values.next_back().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::dot_env;

    #[test]
    fn a_dot_env_file_is_read_leniently() {
        let text = "# X=no\nX = \"a b\"\nexport\nY='c'\nX=d=e\nZ=\n";
        assert_eq!(dot_env(text, "X"), Some("d=e"));
        assert_eq!(dot_env(text, "Y"), Some("c"));
        assert_eq!((dot_env(text, "Z"), dot_env(text, "export")), (None, None));
    }
}
