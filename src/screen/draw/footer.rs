//! The last line: the filter while it is typed, the keys otherwise.

use super::Ink;
use super::list::{Row, put};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// The keys, those that are needed most first.
const KEYS: [(&str, &str); 7] = [
    ("q", "quit"),
    ("Tab", "next pane"),
    ("j k", "move"),
    ("Enter", "tell more"),
    ("/", "filter"),
    ("p", "pause"),
    ("?", "help"),
];

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, ink: Ink<'_>) {
    let look = ink.look;
    let mut row = Row::new(area.width);
    row.add(" ", Style::new());
    let (filter, is_typed) = ink.ui.filter();
    if is_typed {
        row.add("filter: ", look.strong());
        row.add(filter, Style::new());
        row.add("▏", look.strong());
        row.add("  Enter keeps it, Esc forgets it", look.faint());
    } else {
        let pause = if ink.ui.held_back(ink.scene).is_some() { "go on" } else { "pause" };
        for (key, what) in KEYS {
            let what = if key == "p" { pause } else { what };
            if row.left() < key.len() + what.len() + 1 {
                break;
            }
            row.add(key, look.strong());
            row.add(&format!(" {what}  "), look.faint());
        }
    }
    put(frame, area, vec![row.line()]);
}
