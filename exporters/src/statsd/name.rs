//! Words from a journal as parts of a metric. Pure. A row may hold anything; what comes out
//! ends no name, no tag, no line, and is short.

/// A word is cut to so many bytes: `DogStatsD` allows 200 characters for a tag with its key.
pub(super) const WORD_BYTES: usize = 180;

/// What stands for an empty word.
const NONE: &str = "none";

/// As the value of a tag: what ends a tag, a metric or a line becomes `_`. Other letters than
/// ASCII stay.
pub(super) fn tag(word: &str) -> String {
    let ends = |c: char| matches!(c, '|' | ':' | ',' | '#' | ' ') || c.is_control();
    written(word, |c| if ends(c) { '_' } else { c })
}

/// As one part of a dotted name: what is not an ASCII letter, a digit, `_` or `-` becomes
/// `_`. Plain agents drop or change the rest, each in a way of its own.
pub(super) fn part(word: &str) -> String {
    let stays = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    written(word, |c| if stays(c) { c } else { '_' })
}

fn written(word: &str, letter: impl Fn(char) -> char) -> String {
    if word.is_empty() {
        return NONE.to_owned();
    }
    let mut text = String::with_capacity(word.len().min(WORD_BYTES));
    for letter in word.chars().map(letter) {
        if text.len() + letter.len_utf8() > WORD_BYTES {
            break;
        }
        text.push(letter);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_a_tag_is_replaced() {
        assert_eq!(tag("a|b:c,d#e f\tg\rh\ni\0j\u{85}k"), "a_b_c_d_e_f_g_h_i_j_k");
        assert_eq!(tag("größe.x/y"), "größe.x/y");
        assert_eq!(tag(""), "none");
    }

    #[test]
    fn a_part_is_plain_ascii_without_dots() {
        assert_eq!(part("a.b/c d;e=f"), "a_b_c_d_e_f");
        assert_eq!(part("lane-1_X"), "lane-1_X");
        assert_eq!(part("é"), "_");
        assert_eq!(part(""), "none");
    }

    #[test]
    fn a_long_word_is_cut_between_letters() {
        assert_eq!(tag(&"ä".repeat(1000)).len(), WORD_BYTES);
        assert_eq!(tag(&format!("x{}", "ä".repeat(1000))).len(), WORD_BYTES - 1);
        assert_eq!(part(&"ä".repeat(1000)), "_".repeat(WORD_BYTES));
    }
}
