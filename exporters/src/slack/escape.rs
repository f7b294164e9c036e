//! Foreign text as it may stand in a message. Pure.
//!
//! Rows hold what workers and others wrote: it may be long, hold control characters, or
//! try to mention people and to break out of its place. Lengths are counted in bytes,
//! which are never fewer than the characters that Slack counts.

/// One line of at most so many bytes: no control characters, none that turn or hide
/// text, no blank at either end; a `…` stands where it was cut.
pub(super) fn plain(text: &str, max_bytes: usize) -> String {
    cut(text, max_bytes, |symbol, line| line.push(symbol))
}

/// As [`plain`], with the three characters escaped that mean something to Slack, and with a
/// mark behind each `@` that keeps it from being a mention.
pub(super) fn unmentioned(text: &str, max_bytes: usize) -> String {
    cut(text, max_bytes, |symbol, line| {
        push_escaped(symbol, line);
        if symbol == '@' {
            line.push('\u{2060}');
        }
    })
}

/// Text between backticks, where nothing else has a meaning. The backticks come on top of
/// `max_bytes`; a dash stands for no text.
pub(super) fn code(text: &str, max_bytes: usize) -> String {
    let inside = cut(text, max_bytes, |symbol, line| {
        push_escaped(if symbol == '`' { '\'' } else { symbol }, line);
    });
    if inside.is_empty() { "`-`".to_owned() } else { format!("`{inside}`") }
}

fn push_escaped(symbol: char, line: &mut String) {
    match symbol {
        '&' => line.push_str("&amp;"),
        '<' => line.push_str("&lt;"),
        '>' => line.push_str("&gt;"),
        other => line.push(other),
    }
}

fn cut(text: &str, max_bytes: usize, push: impl Fn(char, &mut String)) -> String {
    let mut line = String::new();
    // The last length at which a `…` still fits.
    let mut fits = 0;
    let mut is_blank_before = false;
    for symbol in text.chars().filter(|symbol| !is_hidden(*symbol)) {
        if symbol.is_whitespace() || symbol.is_control() {
            is_blank_before = !line.is_empty();
            continue;
        }
        if std::mem::take(&mut is_blank_before) {
            line.push(' ');
        }
        push(symbol, &mut line);
        if line.len() > max_bytes {
            line.truncate(fits);
            line.truncate(line.trim_end().len());
            line.push('…');
            return line;
        }
        if line.len() + '…'.len_utf8() <= max_bytes {
            fits = line.len();
        }
    }
    line
}

/// Characters that turn the direction of text, or cannot be seen.
fn is_hidden(symbol: char) -> bool {
    matches!(
        symbol,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_stays_one_line_in_its_place() {
        assert_eq!(plain(" a\r\n\tb \u{1b}[31m\u{202e}c\0 ", 80), "a b [31mc");
        assert_eq!(
            code("`rm` <!channel> & <@U1>", 80),
            "`'rm' &lt;!channel&gt; &amp; &lt;@U1&gt;`"
        );
        assert_eq!(unmentioned("@here", 80), "@\u{2060}here");
        assert_eq!(code(" \n", 80), "`-`");
    }

    #[test]
    fn it_is_cut_between_what_belongs_together() {
        assert_eq!(plain("abcdef", 6), "abcdef");
        assert_eq!(plain("abcdefg", 6), "abc…");
        assert_eq!(unmentioned("ab&cd", 8), "ab…");
        assert_eq!(unmentioned("a &&", 8), "a…");
        assert_eq!(plain(&"x".repeat(1 << 20), 60).len(), 60);
    }

    proptest! {
        #[test]
        fn it_keeps_to_its_length(text in any::<String>(), max in 3_usize..90) {
            prop_assert!(plain(&text, max).len() <= max);
            prop_assert!(unmentioned(&text, max).len() <= max);
            let code = code(&text, max);
            prop_assert!(code.len() <= max + 2);
            prop_assert_eq!(code.matches('`').count(), 2);
            prop_assert!(!code.chars().any(|symbol| symbol.is_control() || "<>".contains(symbol)));
        }
    }
}
