//! The kinds of surfaces, each with its own keys.

use super::super::paths;
use super::super::secret::{self, InFile};
use crate::config::model::{Secret, SqlSource, Surface};
use crate::config::section::Section;
use dosd_kernel::state_diff::Pointer;
use dosd_surfaces::{Dir, HttpRequest, Postgres};
use std::path::PathBuf;

/// Every kind.
pub(super) const NAMES: [&str; 9] =
    ["json", "jsonl", "sqlite", "postgres", "http", "git", "dir", "command", "exit"];

/// The keys of a kind, beside those that all have.
pub(super) fn keys(kind: &str) -> &'static [&'static str] {
    match kind {
        "json" | "jsonl" => &["path", "key"],
        "sqlite" => &["path", "table", "query", "key"],
        "postgres" => &["url", "url_env", "url_file", "query", "key"],
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
            let (url, key) = (secret::required(entry, "url", InFile::Allowed), columns(entry));
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
            } else if secret::has_password(url) {
                text.error("holds a password", "send an `Authorization` header by `headers_env`");
                return false;
            }
        }
        is_http
    });
    let headers = secret::headers(entry);
    let (items, key) = (pointer(entry, "items"), pointer(entry, "key"));
    Some(Surface::Http { url: url?, headers, items: items?, key: key? })
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
