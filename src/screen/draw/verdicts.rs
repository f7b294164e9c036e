//! The stream of verdicts, newest on top.

use super::super::text::moment;
use super::Ink;
use super::list::{List, Row};
use crate::fleet::VerdictView;
use crate::screen::ui::Pane;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use serde_json::Value;

/// A narrower screen does without the function.
const WITH_SYSCALL: u16 = 100;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, ink: Ink<'_>) -> usize {
    let verdicts = ink.ui.verdicts(ink.scene);
    let (filter, _) = ink.ui.filter();
    let mut title = format!("Verdicts {}", verdicts.len());
    if !filter.is_empty() {
        title = format!("{title} with `{filter}`");
    }
    if let Some(more) = ink.ui.held_back(ink.scene) {
        title = format!("{title}, paused: {more} more came");
    }
    let list = List {
        pane: Pane::Verdicts,
        title,
        head: None,
        nothing: if filter.is_empty() { "none yet" } else { "none with that" },
        length: verdicts.len(),
        lines_each: 1,
    };
    list.draw(frame, area, ink, |at| {
        verdicts.get(at).map(|verdict| line(verdict, area.width, ink)).into_iter().collect()
    })
}

fn line(verdict: &VerdictView, width: u16, ink: Ink<'_>) -> Line<'static> {
    let look = ink.look;
    let text = |key: &str| verdict.row.get(key).and_then(Value::as_str).unwrap_or_default();
    let now_ms = ink.scene.now_ms().unwrap_or(0);
    let mut row = Row::new(width);
    row.add(" ", Style::new());
    row.cell(&moment(text("ts"), now_ms), 8, look.faint());
    row.cell(text("verdict"), 12, look.verdict(text("verdict"), &verdict.severity));
    if width >= WITH_SYSCALL {
        row.cell(text("syscall"), 14, look.faint());
    }
    row.cell(text("lane"), 12, look.strong());
    let subject = text("subject");
    if !subject.is_empty() {
        row.add(&format!("{subject}  "), Style::new());
    }
    row.add(verdict.reason.as_deref().unwrap_or_default(), look.faint());
    row.line()
}
