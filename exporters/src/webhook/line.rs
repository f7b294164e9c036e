//! One line for people about an event, so that a chat that takes webhooks shows
//! something. Pure. It says what happened; the exact values are in the data.

use serde_json::Value;

use crate::event::Event;

/// No line is longer, in characters.
const LINE_CHARS: usize = 300;

/// No name in it is longer, in characters.
const NAME_CHARS: usize = 120;

/// No value of a detail is longer, in characters.
const VALUE_CHARS: usize = 40;

/// As many details are named at most.
const DETAILS: usize = 8;

/// The line: `lane orders: effect_witness REFUTED orders:42 (silent 0, surfaces 2)`.
pub(super) fn line(event: &Event) -> String {
    let verdict = event.verdict();
    let mut line = match tidy(&verdict.lane, NAME_CHARS) {
        lane if lane.is_empty() => String::new(),
        lane => format!("lane {lane}: "),
    };
    let names = [&verdict.syscall, &verdict.verdict, &verdict.subject];
    let names = names.map(|name| tidy(name, NAME_CHARS));
    let said: Vec<&str> =
        names.iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
    line += &if said.is_empty() { "a verdict without words".to_owned() } else { said.join(" ") };
    let details: Vec<String> = verdict
        .detail
        .iter()
        // It tells programs what belongs together, and people nothing.
        .filter(|(key, _)| key.as_str() != "root_id")
        .filter_map(|(key, value)| Some(format!("{} {}", tidy(key, VALUE_CHARS), short(value)?)))
        .take(DETAILS)
        .collect();
    if !details.is_empty() {
        line.extend([" (", &details.join(", "), ")"]);
    }
    tidy(&line, LINE_CHARS)
}

/// A value that fits into a line; none when it is empty or has parts.
fn short(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => tidy(text, VALUE_CHARS),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// Text as a part of the line: no line breaks, nothing that hides or turns text around, no
/// more than so many characters.
fn tidy(text: &str, most: usize) -> String {
    let mut tidied = String::new();
    let mut length = 0;
    // A hostile text may be as long as it likes: only its beginning is looked at.
    for symbol in text.chars().take(8 * most).map(harmless) {
        let is_blank = symbol.is_whitespace();
        if symbol.is_control() || turns(symbol) || is_blank && tidied.ends_with(' ') {
            continue;
        }
        if length + 1 > most {
            tidied.pop();
            tidied.push('…');
            break;
        }
        tidied.push(if is_blank { ' ' } else { symbol });
        length += 1;
    }
    tidied.trim().to_owned()
}

/// A symbol that no chat takes for a call to somebody or for markup: the text comes from
/// workers, who must not ring anybody (`<!channel>`, `@all`).
fn harmless(symbol: char) -> char {
    match symbol {
        '<' => '‹',
        '>' => '›',
        '@' => '＠',
        '\n' | '\r' | '\t' => ' ',
        _ => symbol,
    }
}

/// Whether it is invisible, or changes the direction of what stands beside it.
fn turns(symbol: char) -> bool {
    matches!(symbol, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::event_id;

    fn of(row: &Value) -> String {
        line(&Event::parse(event_id(0), row.to_string()).unwrap())
    }

    #[test]
    fn it_says_who_what_and_about_what() {
        let row = json!({
            "lane": "orders", "syscall": "effect_witness", "verdict": "REFUTED",
            "subject": "orders:42", "detail": {"surfaces": 2, "silent": 0, "more": [1], "why": ""},
        });
        assert_eq!(
            of(&row),
            "lane orders: effect_witness REFUTED orders:42 (silent 0, surfaces 2)"
        );
        assert_eq!(of(&json!({"syscall": "liveness", "verdict": "STALLED"})), "liveness STALLED");
        assert_eq!(of(&json!({})), "a verdict without words");
    }

    #[test]
    fn it_is_one_short_line_that_rings_nobody() {
        let row = json!({
            "lane": " a\r\n\u{1b}[31mb\u{202e}c ", "verdict": "<!channel>\u{2028}@all",
            "subject": "x".repeat(5000), "detail": {"k": "v".repeat(9999), "z": "\n \u{0}"},
        });
        let line = of(&row);
        let begin = "lane a [31mbc: ‹!channel› ＠all xxx";
        assert!(line.starts_with(begin), "{line}");
        assert!(!line.contains(char::is_control) && line.chars().count() <= LINE_CHARS, "{line}");
        assert!(line.ends_with("…)") && !line.contains("z "), "{line}");
    }
}
