//! The kinds of surfaces, each with its own keys.

use super::super::paths;
use crate::config::model::{Secret, SqlSource, Surface};
use crate::config::section::{Found, Section};
use dosd_kernel::state_diff::Pointer;
use dosd_surfaces::{Dir, HttpRequest, HttpRequestError, Postgres};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Every kind.
pub(super) const NAMES: [&str; 9] =
    ["json", "jsonl", "sqlite", "postgres", "http", "git", "dir", "command", "exit"];

/// The keys of a kind, beside those that all have.
pub(super) fn keys(kind: &str) -> &'static [&'static str] {
    match kind {
        "json" | "jsonl" => &["path", "key"],
        "sqlite" => &["path", "table", "query", "key"],
        "postgres" => &["url", "url_env", "query", "key"],
        "http" => &["url", "headers", "headers_env", "items", "key"],
        "git" => &["path", "refs", "files"],
        "dir" => &["path", "include", "exclude"],
        "command" => &["argv", "items", "key"],
        "exit" => &["argv"],
        _ => &[],
    }
}

/// The surface, if its keys allow one.
pub(super) fn surface(entry: &Section<'_>, kind: &str) -> Option<Surface> {
    match kind {
        "json" => {
            let (path, key) =
                (file(entry, "name the JSON file that holds the state"), pointer(entry, "key"));
            Some(Surface::Json { path: path?, key: key? })
        }
        "jsonl" => {
            let (path, key) = (
                file(entry, "name the file that holds a JSON value a line"),
                pointer(entry, "key"),
            );
            if !entry.has("key") {
                entry.missing("key", "say where a line has its key, like `\"/id\"`");
            }
            Some(Surface::JsonLines { path: path?, key: key?? })
        }
        "sqlite" => {
            let path = file(entry, "name the database file");
            let (source, key) = (sql_source(entry), columns(entry));
            Some(Surface::Sqlite { path: path?, source: source?, key: key? })
        }
        "postgres" => {
            let (url, key) = (secret(entry, "url", "url_env"), columns(entry));
            if let (Some(Secret::Plain(url)), Some(text)) = (&url, entry.text("url"))
                && let Err(wrong) = Postgres::check_url(&dosd_surfaces::Secret::new(url.as_str()))
            {
                text.error(wrong.to_string(), "write it like that, without the password");
            }
            let query = required_text(entry, "query", "write the query that gives the entities");
            Some(Surface::Postgres { url: url?, query: query?, key: key? })
        }
        "http" => http(entry),
        "git" => {
            let path = directory(entry, false);
            let refs = texts(entry, "refs", &["refs/heads/*", "refs/tags/*"], |pattern| {
                if pattern.starts_with("refs/") {
                    return Ok(());
                }
                let help =
                    format!("write it in full, like `refs/heads/{}`", pattern.escape_debug());
                Err(("matches no ref".to_owned(), help))
            });
            let files = entry.text("files").map(|text| text.value.to_owned());
            Some(Surface::Git { path: path?, refs, files })
        }
        "dir" => {
            let path = directory(entry, true);
            let fits = |glob: &str| {
                let help = "write one like `**/*.rs`; a `\\` takes away what a character means";
                Dir::check_pattern(glob).map_err(|bad| (bad.to_string(), help.to_owned()))
            };
            let include = texts(entry, "include", &[], fits);
            let exclude = texts(entry, "exclude", &[], fits);
            Some(Surface::Dir { path: path?, include, exclude })
        }
        "command" => {
            let argv = argv(entry);
            let (items, key) = (pointer(entry, "items"), pointer(entry, "key"));
            Some(Surface::Command { argv: argv?, items: items?, key: key? })
        }
        "exit" => Some(Surface::Exit { argv: argv(entry)? }),
        _ => None,
    }
}

fn file(entry: &Section<'_>, help: &str) -> Option<PathBuf> {
    paths::required(entry, help)
}

/// A directory; the workspace itself where none is asked for.
fn directory(entry: &Section<'_>, is_required: bool) -> Option<PathBuf> {
    if !entry.has("path") {
        if is_required {
            entry.missing("path", "name the directory");
            return None;
        }
        return Some(PathBuf::from("."));
    }
    let path = entry.text("path")?;
    if path.value.trim().is_empty() || path.value.contains('\0') {
        path.error("is not a path", "name a directory, relative to the workspace or absolute");
        return None;
    }
    Some(PathBuf::from(path.value))
}

/// A JSON pointer, if there is one; nothing when what is there is none.
#[expect(clippy::option_option, reason = "absent is fine, wrong is not")]
fn pointer(entry: &Section<'_>, key: &str) -> Option<Option<String>> {
    if !entry.has(key) {
        return Some(None);
    }
    let text = entry.text(key)?;
    if Pointer::parse(text.value).is_none() {
        text.error(
            format!("`{}` is not a JSON pointer", text.value.escape_debug()),
            "write one like `/id`",
        );
        return None;
    }
    Some(Some(text.value.to_owned()))
}

fn required_text(entry: &Section<'_>, key: &str, help: &str) -> Option<String> {
    if !entry.has(key) {
        entry.missing(key, help);
    }
    let text = entry.text(key)?;
    if text.value.trim().is_empty() {
        text.error("is empty", help);
        return None;
    }
    Some(text.value.to_owned())
}

fn columns(entry: &Section<'_>) -> Option<Vec<String>> {
    const HELP: &str = "name the columns that tell one entity from another, like `key = [\"id\"]`";
    if !entry.has("key") {
        entry.missing("key", HELP);
    }
    let columns: Vec<String> =
        entry.texts_or_one("key")?.iter().map(|column| column.value.to_owned()).collect();
    if columns.is_empty() || columns.iter().any(String::is_empty) {
        if let Some(list) = entry.texts("key") {
            list.error("names no column", HELP);
        }
        return None;
    }
    Some(columns)
}

fn sql_source(entry: &Section<'_>) -> Option<SqlSource> {
    match (entry.has("table"), entry.has("query")) {
        (true, false) => required_text(entry, "table", "name the table").map(SqlSource::Table),
        (false, true) => required_text(entry, "query", "write the query").map(SqlSource::Query),
        (false, false) => {
            entry.missing("table", "name the table, or write a `query`");
            None
        }
        (true, true) => {
            if let Some(query) = entry.text("query") {
                query.error("stands beside `table`, and only one of them is read", "remove one");
            }
            None
        }
    }
}

/// A text in the file, or in an environment variable.
fn secret(entry: &Section<'_>, key: &str, env_key: &str) -> Option<Secret> {
    match (entry.text(key), entry.text(env_key)) {
        (Some(text), Some(_)) => {
            text.error(format!("stands beside `{env_key}`"), "remove one of the two");
            None
        }
        (Some(text), None) if has_password(text.value) => {
            text.error(
                "holds a password, which does not belong into a file that is shared",
                format!("put the text into an environment variable and name that in `{env_key}`"),
            );
            None
        }
        (Some(text), None) => Some(Secret::Plain(text.value.to_owned())),
        (None, Some(name)) => variable(&name),
        (None, None) => {
            if !entry.has(key) && !entry.has(env_key) {
                entry.missing(key, format!("write it, or name its variable in `{env_key}`"));
            }
            None
        }
    }
}

/// Whether a URL has a password in it, or a list of `key=value` a `password`.
fn has_password(text: &str) -> bool {
    let authority = text.split_once("://").and_then(|(_, rest)| rest.split(['/', '?', '#']).next());
    let user = authority.and_then(|authority| authority.rsplit_once('@')).map(|(user, _)| user);
    user.is_some_and(|user| user.contains(':')) || text.contains("password=")
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

fn http(entry: &Section<'_>) -> Option<Surface> {
    let url = required_text(entry, "url", "write where the document is, like `https://…`");
    let url = url.filter(|url| {
        let is_http = HttpRequest::new(url, &[]).is_ok();
        if let Some(text) = entry.text("url") {
            if !is_http {
                text.error(
                    "is not an `http` or `https` URL",
                    "write it with its scheme and host, like `https://tracker.example/api`",
                );
            } else if has_password(url) {
                text.error("holds a password", "send an `Authorization` header by `headers_env`");
                return false;
            }
        }
        is_http
    });
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
    let (items, key) = (pointer(entry, "items"), pointer(entry, "key"));
    Some(Surface::Http { url: url?, headers, items: items?, key: key? })
}

/// Whether a request may have this header; a value in a variable is looked at when it is needed.
fn check_header(name: &str, value: Option<&Secret>) -> Result<(), HttpRequestError> {
    let value = match value {
        Some(Secret::Plain(text)) => text.as_str(),
        Some(Secret::Environment(_)) | None => "",
    };
    let header = (name.to_owned(), dosd_surfaces::Secret::new(value));
    HttpRequest::new("http://localhost", &[header]).map(|_| ())
}

/// A list of texts, or one. `fits` says what is wrong with one, and what to do.
fn texts(
    entry: &Section<'_>,
    key: &str,
    default: &[&str],
    fits: impl Fn(&str) -> Result<(), (String, String)>,
) -> Vec<String> {
    let Some(list) = entry.texts_or_one(key) else {
        return default.iter().map(|text| (*text).to_owned()).collect();
    };
    for text in &list {
        if let Err((what, help)) = fits(text.value) {
            text.error(what, help);
        }
    }
    list.iter().map(|text| text.value.to_owned()).collect()
}

fn argv(entry: &Section<'_>) -> Option<Vec<String>> {
    const HELP: &str = "write the program and its arguments, like `[\"./check\", \"{key}\"]`";
    if !entry.has("argv") {
        entry.missing("argv", HELP);
    }
    let list = entry.texts("argv")?;
    if list.value.first().is_none_or(|program| program.value.is_empty()) {
        list.error("names no program", HELP);
        return None;
    }
    for word in list.value.iter().filter(|word| word.value.contains('\0')) {
        word.error("holds a zero byte, which no argument can", "remove it");
    }
    Some(list.value.iter().map(|word| word.value.to_owned()).collect())
}
