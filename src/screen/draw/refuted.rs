//! The refuted claims with their reasons, in plain sight: this is what people came for.

use super::super::text::{clean, moment, wrap};
use super::Ink;
use super::list::{List, Row};
use crate::fleet::VerdictView;
use crate::screen::ui::Pane;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use serde_json::Value;

/// A narrower screen gives the reason a line of its own.
const ONE_LINE: u16 = 150;

/// How many lines it would like to have.
pub(super) fn need(area: Rect, ink: Ink<'_>) -> usize {
    let count = ink.scene.overview().map_or(0, |it| it.refuted.len());
    1 + (count * lines_each(area.width)).max(1)
}

fn lines_each(width: u16) -> usize {
    if width < ONE_LINE { 2 } else { 1 }
}

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, ink: Ink<'_>) -> usize {
    let claims = ink.scene.overview().map(|it| &*it.refuted).unwrap_or_default();
    let list = List {
        pane: Pane::Refuted,
        title: format!("Refuted claims {}", claims.len()),
        head: None,
        nothing: "none",
        length: claims.len(),
        lines_each: lines_each(area.width),
    };
    list.draw(frame, area, ink, |at| {
        claims.get(at).map(|claim| lines(claim, area.width, ink)).unwrap_or_default()
    })
}

fn lines(claim: &VerdictView, width: u16, ink: Ink<'_>) -> Vec<Line<'static>> {
    let text = |key: &str| claim.row.get(key).and_then(Value::as_str).unwrap_or_default();
    let reason = claim.reason.as_deref().unwrap_or("no reason is given");
    let now_ms = ink.scene.now_ms().unwrap_or(0);
    let mut row = Row::new(width);
    row.add(" ", Style::new());
    row.cell(&moment(text("ts"), now_ms), 8, ink.look.faint());
    row.cell(text("lane"), 14, ink.look.strong());
    if lines_each(width) == 1 {
        row.cell(text("subject"), 32, ink.look.bad());
        row.add(reason, Style::new());
        return vec![row.line()];
    }
    row.add(text("subject"), ink.look.bad());
    let mut second = Row::new(width);
    let indent = if width < 60 { 2 } else { 11 };
    second.add(&" ".repeat(indent), Style::new());
    let fitting = wrap(&clean(reason), usize::from(width).saturating_sub(indent));
    let is_whole = fitting.len() <= 1;
    second.add(if is_whole { &fitting[0] } else { reason }, Style::new());
    vec![row.line(), second.line()]
}
