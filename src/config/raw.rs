//! The first step: text becomes a TOML document, and every syntax error at once. It knows no key.

use super::problem::Findings;
use toml::Spanned;
use toml::de::DeTable;

/// Parses as much of the text as can be parsed; what cannot goes to the findings.
pub(super) fn parse<'a>(text: &'a str, findings: &Findings<'_>) -> Spanned<DeTable<'a>> {
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let at = error.span().map_or(text.len(), |span| span.start);
        findings.syntax(at, format!("invalid TOML: {}", error.message()), help(error.message()));
    }
    document
}

/// What to do about a syntax error.
fn help(message: &str) -> &'static str {
    if message.starts_with("duplicate key") {
        "keep one of the two; a table is opened once, and `[[name]]` adds to an array of tables"
    } else if message.starts_with("string values") || message.contains("string, expected") {
        "put texts between two double quotes, on one line"
    } else {
        "a line is `key = value` or `[table]`; texts stand in double quotes"
    }
}
