//! Keys that hold a secret, or say where one is: `key`, `key_env`, `key_file`.

use crate::config::secret::Secret;
use crate::config::section::{Found, Section};
use dosd_surfaces::{HttpRequest, HttpRequestError};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Whether a text may stand in the file itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InFile {
    /// It is secret only if it holds a password.
    Allowed,
    /// All of it is secret.
    Refused,
}

/// The text of `key`, or where it is; reported as missing when it is not there.
pub(super) fn required(entry: &Section<'_>, key: &str, in_file: InFile) -> Option<Secret> {
    let found = optional(entry, key, in_file);
    if found.is_none() && !names(key).iter().any(|name| entry.has(name)) {
        let [_, env_key, file_key] = names(key);
        let help = match in_file {
            InFile::Allowed => format!("write it, or name its variable in `{env_key}`"),
            InFile::Refused => format!(
                "it is secret: name the variable that holds it in `{env_key}`, or a file in `{file_key}`"
            ),
        };
        entry.missing(if in_file == InFile::Allowed { key } else { &env_key }, help);
    }
    found
}

/// The text of `key`, or where it is, if the entry says so.
pub(super) fn optional(entry: &Section<'_>, key: &str, in_file: InFile) -> Option<Secret> {
    let [_, env_key, file_key] = names(key);
    let given: Vec<String> = names(key).into_iter().filter(|name| entry.has(name)).collect();
    if let [first, second, ..] = &given[..] {
        if let Some(text) = entry.text(second) {
            text.error(format!("stands beside `{first}`"), "remove one of the two");
        }
        return None;
    }
    if let Some(text) = entry.text(key) {
        return plain(&text, key, in_file);
    }
    if let Some(name) = entry.text(&env_key) {
        return variable(&name);
    }
    file(&entry.text(&file_key)?)
}

/// Several secrets, each in a variable or a file, in the order of the keys.
pub(super) fn several(entry: &Section<'_>, key: &str) -> Vec<Secret> {
    let [_, env_key, file_key] = names(key);
    if let Some(text) = entry.text(key) {
        plain(&text, key, InFile::Refused);
    }
    let variables = entry.texts_or_one(&env_key).unwrap_or_default();
    let files = entry.texts_or_one(&file_key).unwrap_or_default();
    let variables = variables.iter().filter_map(variable);
    variables.chain(files.iter().filter_map(file)).collect()
}

/// The tables `headers` and `headers_env`, by lower-case name.
pub(super) fn headers(entry: &Section<'_>) -> BTreeMap<String, Secret> {
    let mut headers = BTreeMap::new();
    for (section, is_secret) in [("headers", false), ("headers_env", true)] {
        let Some(section) = entry.child(section) else { continue };
        for name in section.keys() {
            let Some(text) = section.text(name.value) else { continue };
            let value = if is_secret {
                variable(&text)
            } else {
                Some(Secret::Plain(text.value.to_owned()))
            };
            if let Err(wrong) = check_header(name.value, value.as_ref()) {
                name.error(wrong.to_string(), "write it like `Authorization = \"…\"`");
            } else if let Some(value) = value
                && headers.insert(name.value.to_lowercase(), value).is_some()
            {
                name.error("is given twice", "keep one of the two");
            }
        }
    }
    headers
}

/// Whether a request may have this header; a value that is elsewhere is looked at when it is needed.
fn check_header(name: &str, value: Option<&Secret>) -> Result<(), HttpRequestError> {
    let value = match value {
        Some(Secret::Plain(text)) => text.as_str(),
        Some(Secret::Environment(_) | Secret::File(_) | Secret::Given(_)) | None => "",
    };
    let header = (name.to_owned(), dosd_surfaces::Secret::new(value));
    HttpRequest::new("http://localhost", &[header]).map(|_| ())
}

/// Whether a URL has a password in it, or a list of `key=value` a `password`.
pub(super) fn has_password(text: &str) -> bool {
    let authority = text.split_once("://").and_then(|(_, rest)| rest.split(['/', '?', '#']).next());
    let user = authority.and_then(|authority| authority.rsplit_once('@')).map(|(user, _)| user);
    user.is_some_and(|user| user.contains(':')) || text.contains("password=")
}

/// The names under which a secret may be given.
pub(super) fn names(key: &str) -> [String; 3] {
    [key.to_owned(), format!("{key}_env"), format!("{key}_file")]
}

fn plain(text: &Found<'_, &str>, key: &str, in_file: InFile) -> Option<Secret> {
    let what = match in_file {
        InFile::Refused => "is secret, and does not belong into a file that is shared",
        InFile::Allowed if has_password(text.value) => {
            "holds a password, which does not belong into a file that is shared"
        }
        InFile::Allowed => return Some(Secret::Plain(text.value.to_owned())),
    };
    let help = format!("put the text into an environment variable and name that in `{key}_env`");
    text.error(what, help);
    None
}

fn variable(name: &Found<'_, &str>) -> Option<Secret> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if name.value.is_empty() || !name.value.bytes().all(fits) {
        name.error(
            format!("`{}` is no name of a variable", name.value.escape_debug()),
            "write the name alone, without `$`",
        );
        return None;
    }
    Some(Secret::Environment(name.value.to_owned()))
}

fn file(path: &Found<'_, &str>) -> Option<Secret> {
    if path.value.trim().is_empty() || path.value.contains('\0') || path.value.ends_with('/') {
        path.error("is not a file", "name the file whose first line is the secret");
        return None;
    }
    Some(Secret::File(PathBuf::from(path.value)))
}
