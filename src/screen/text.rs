//! Text for a terminal: cleaned, cut to a width, broken into lines. Widths are columns.

use dosd_kernel::stamp;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Text as it may be shown: rows may hold whatever a worker wrote, and it must neither steer the
/// terminal nor turn the line around.
pub(super) fn clean(text: &str) -> String {
    let shown = |letter: char| match letter {
        '\n' | '\t' | '\r' => ' ',
        '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}' => '\u{fffd}',
        letter if letter.is_control() => '\u{fffd}',
        letter => letter,
    };
    text.chars().map(shown).collect()
}

/// As much of the text as fits, with an ellipsis where something is missing.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut left = width.saturating_sub(1);
    for letter in text.chars() {
        let wide = letter.width().unwrap_or(0);
        if wide > left {
            break;
        }
        left -= wide;
        kept.push(letter);
    }
    if width > 0 {
        kept.push('…');
    }
    kept
}

/// The end of a text, with an ellipsis where something is missing: of a path the end tells most.
pub(super) fn cut_front(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut left = width.saturating_sub(1);
    let mut from = text.len();
    for (at, letter) in text.char_indices().rev() {
        let wide = letter.width().unwrap_or(0);
        if wide > left {
            break;
        }
        left -= wide;
        from = at;
    }
    if width == 0 { String::new() } else { format!("…{}", &text[from..]) }
}

/// Cut, and filled up with blanks.
pub(super) fn cell(text: &str, width: usize) -> String {
    let mut text = cut(text, width);
    text.extend(std::iter::repeat_n(' ', width.saturating_sub(text.width())));
    text
}

/// The text in lines that fit, broken at blanks where there are any.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let gap = usize::from(!line.is_empty());
        if !line.is_empty() && line.width() + gap + word.width() > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        for letter in word.chars() {
            if line.width() + letter.width().unwrap_or(0) > width && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            line.push(letter);
        }
    }
    lines.push(line);
    lines
}

/// A time span in its two largest units, at most six columns.
pub(super) fn span(ms: i64) -> String {
    let seconds = ms.max(0) / 1000;
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60),
        _ => format!("{}d{:02}h", seconds / 86_400, seconds / 3600 % 24),
    }
}

/// Bytes in a unit that keeps them short.
pub(super) fn bytes(count: u64) -> String {
    match count {
        0..10_000 => format!("{count} B"),
        10_000..10_000_000 => format!("{} kB", count / 1_000),
        _ => format!("{} MB", count / 1_000_000),
    }
}

/// The time of day of a moment, in UTC.
pub(super) fn clock(ms: i64) -> String {
    stamp::format_ms(ms).get(11..19).unwrap_or_default().to_owned()
}

/// The time of a row as people read it: the time of day, or the day when it was another one.
pub(super) fn moment(ts: &str, now_ms: i64) -> String {
    let Some(at_ms) = stamp::parse_iso_ms(ts) else { return cell(&clean(ts), 8) };
    let (then, now) = (stamp::format_ms(at_ms), stamp::format_ms(now_ms));
    if then.get(..10) == now.get(..10) {
        clock(at_ms)
    } else {
        cell(then.get(2..10).unwrap_or_default(), 8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_row_holds_cannot_steer_the_terminal() {
        assert_eq!(clean("a\u{1b}[2J\nb\u{202e}c"), "a\u{fffd}[2J b\u{fffd}c");
    }

    #[test]
    fn text_is_cut_at_its_width_and_says_so() {
        assert_eq!(
            ["", "…", "a…", "ab…", "abcd"].map(str::to_owned),
            [0, 1, 2, 3, 4].map(|w| cut("abcd", w))
        );
        assert_eq!(cut("日本語", 5), "日本…");
        assert_eq!(cut("日本語", 4), "日…");
        assert_eq!(cut_front("/srv/fleet", 6), "…fleet");
        assert_eq!((cell("日本", 5), cell("abc", 2)), ("日本 ".to_owned(), "a…".to_owned()));
    }

    #[test]
    fn lines_break_at_blanks_and_long_words_anywhere() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(wrap("", 3), [""]);
        assert_eq!(wrap("日本", 1), ["日", "本"]);
    }

    #[test]
    fn a_moment_of_another_day_is_that_day() {
        let now_ms = stamp::parse_iso_ms("2026-11-28T10:00:00Z").unwrap();
        assert_eq!(moment("2026-11-28T09:58:07Z", now_ms), "09:58:07");
        assert_eq!(moment("2026-11-27T09:58:07Z", now_ms), "26-11-27");
        assert_eq!(moment("yesterday", now_ms), "yesterd…");
        assert_eq!([span(59_999), span(61_000), span(-5)], ["59s", "1m01s", "0s"]);
    }
}
