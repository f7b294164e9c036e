//! A list under its title: the part of it around the chosen thing, which is marked.

use super::super::text::{clean, cut};
use super::Ink;
use crate::screen::ui::Pane;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr as _;

/// Things in a list, each as many lines as all others.
pub(super) struct List<'a> {
    pub(super) pane: Pane,
    pub(super) title: String,
    /// Above the things, where there is room.
    pub(super) head: Option<String>,
    /// What stands there when there is nothing.
    pub(super) nothing: &'a str,
    pub(super) length: usize,
    pub(super) lines_each: usize,
}

impl List<'_> {
    /// Draws the list; `thing` makes the lines of one. Returns how many things fit.
    pub(super) fn draw(
        &self,
        frame: &mut Frame<'_>,
        area: Rect,
        ink: Ink<'_>,
        thing: impl Fn(usize) -> Vec<Line<'static>>,
    ) -> usize {
        let is_here = ink.ui.pane() == self.pane;
        let mut lines = vec![title(&self.title, area.width, is_here, ink)];
        let faint = ink.look.faint();
        if self.length == 0 {
            lines.push(Line::styled(format!("  {}", self.nothing), faint));
        } else if let Some(head) = &self.head
            && area.height > 3
        {
            lines.push(Line::styled(cut(head, area.width.into()), faint));
        }
        let height = usize::from(area.height).saturating_sub(lines.len());
        let page = height / self.lines_each.max(1);
        let place = ink.ui.place(self.pane, ink.scene);
        for at in first(place, page, self.length)..self.length {
            if lines.len() >= usize::from(area.height) {
                break;
            }
            let is_chosen = is_here && at == place;
            for line in thing(at) {
                lines.push(if is_chosen { chosen(line, area.width, ink) } else { line });
            }
        }
        put(frame, area, lines);
        page
    }
}

/// The first thing that is shown: the chosen one is in the middle as long as there are others on
/// both sides.
fn first(place: usize, page: usize, length: usize) -> usize {
    place.saturating_sub(page / 2).min(length.saturating_sub(page))
}

/// Draws lines from the top; what does not fit is left out.
pub(super) fn put(frame: &mut Frame<'_>, area: Rect, lines: Vec<Line<'static>>) {
    for (y, line) in (area.y..area.y.saturating_add(area.height)).zip(lines) {
        frame.render_widget(line, Rect { y, height: 1, ..area });
    }
}

/// A name on a rule.
fn title(text: &str, width: u16, is_here: bool, ink: Ink<'_>) -> Line<'static> {
    let mark = if is_here { "━━" } else { "──" };
    let text = cut(&format!("{mark} {text} "), width.into());
    let rest = usize::from(width).saturating_sub(text.width());
    let rule = if is_here { "━" } else { "─" }.repeat(rest);
    let style = ink.look.title(is_here);
    Line::from(vec![Span::styled(text, style), Span::styled(rule, style)])
}

/// The chosen thing: its whole line is marked.
fn chosen(line: Line<'static>, width: u16, ink: Ink<'_>) -> Line<'static> {
    let rest = usize::from(width).saturating_sub(line.width());
    let mut line = line;
    line.push_span(Span::raw(" ".repeat(rest)));
    line.patch_style(ink.look.chosen())
}

/// A line that is made from left to right, and cut where the screen ends.
pub(super) struct Row {
    spans: Vec<Span<'static>>,
    left: usize,
}

impl Row {
    pub(super) fn new(width: u16) -> Self {
        Self { spans: Vec::new(), left: width.into() }
    }

    /// How many columns are left.
    pub(super) fn left(&self) -> usize {
        self.left
    }

    /// A text in so many columns, and two blanks.
    pub(super) fn cell(&mut self, text: &str, width: usize, style: Style) {
        self.add(&super::super::text::cell(&clean(text), width), style);
        self.add("  ", Style::new());
    }

    /// A text as long as it is.
    pub(super) fn add(&mut self, text: &str, style: Style) {
        if self.left == 0 {
            return;
        }
        let text = cut(&clean(text), self.left);
        self.left -= text.width().min(self.left);
        self.spans.push(Span::styled(text, style));
    }

    pub(super) fn line(self) -> Line<'static> {
        Line::from(self.spans)
    }
}

#[cfg(test)]
mod tests {
    use super::first;

    #[test]
    fn the_chosen_thing_is_always_among_those_that_are_shown() {
        for length in 0..12 {
            for page in 1..8 {
                for place in 0..length {
                    let first = first(place, page, length);
                    assert!((first..first + page).contains(&place), "{place} of {length}, {page}");
                    assert!(first + page <= length.max(page), "nothing behind the end");
                }
            }
        }
    }
}
