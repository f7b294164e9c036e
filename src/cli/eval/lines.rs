//! Lines of bytes out of chunks of bytes, none longer than a bound. It reads nothing, and never
//! looks into a line.

/// One line, without its end.
pub(super) enum Line<'a> {
    /// All of it.
    Whole(&'a [u8]),
    /// More than the bound; it was skipped.
    TooLong,
}

/// Puts lines together, whichever way they are cut into chunks.
pub(super) struct Lines {
    most: usize,
    /// A line whose end has not come yet. Emptied while it is too long.
    begun: Vec<u8>,
    too_long: bool,
}

impl Lines {
    /// Lines of at most so many bytes.
    pub(super) fn new(most: usize) -> Self {
        Self { most, begun: Vec::new(), too_long: false }
    }

    /// Hands on the lines that end in this chunk, and keeps the rest.
    pub(super) fn feed(&mut self, chunk: &[u8], mut take: impl FnMut(Line<'_>)) {
        let mut pieces = chunk.split(|byte| *byte == b'\n').peekable();
        while let Some(piece) = pieces.next() {
            let ends = pieces.peek().is_some();
            if ends && self.begun.is_empty() && !self.too_long && piece.len() <= self.most {
                take(Line::Whole(piece));
            } else {
                self.keep(piece);
                if ends {
                    self.hand_on(&mut take);
                }
            }
        }
    }

    /// Hands on what came after the last line end, if anything did.
    pub(super) fn end(mut self, mut take: impl FnMut(Line<'_>)) {
        if self.too_long || !self.begun.is_empty() {
            self.hand_on(&mut take);
        }
    }

    fn keep(&mut self, piece: &[u8]) {
        self.too_long |= self.begun.len() + piece.len() > self.most;
        if self.too_long {
            self.begun = Vec::new();
        } else {
            self.begun.extend_from_slice(piece);
        }
    }

    fn hand_on(&mut self, take: &mut impl FnMut(Line<'_>)) {
        take(if self.too_long { Line::TooLong } else { Line::Whole(&self.begun) });
        self.begun.clear();
        self.too_long = false;
    }
}

#[cfg(test)]
mod tests {
    use super::{Line, Lines};

    fn lines(text: &str, most: usize, chunk: usize) -> Vec<String> {
        let mut found = Vec::new();
        let mut take = |line: Line<'_>| {
            found.push(match line {
                Line::Whole(line) => String::from_utf8_lossy(line).into_owned(),
                Line::TooLong => "...".to_owned(),
            });
        };
        let mut lines = Lines::new(most);
        for chunk in text.as_bytes().chunks(chunk) {
            lines.feed(chunk, &mut take);
        }
        lines.end(take);
        found
    }

    #[test]
    fn lines_do_not_depend_on_how_they_arrive() {
        for chunk in 1..20 {
            assert_eq!(lines("ab\n\ncde\nf", 4, chunk), ["ab", "", "cde", "f"]);
            let long = lines("abcde\nabcd\nabcdefghij\nx\n", 4, chunk);
            assert_eq!(long, ["...", "abcd", "...", "x"]);
            assert_eq!(lines("a\nabcdef", 4, chunk), ["a", "..."]);
            assert_eq!(lines("", 4, chunk), [""; 0]);
        }
    }
}
