//! The exporters: how far behind each is, and what keeps it.

use super::super::scene::Link;
use super::super::text::{bytes, span};
use super::Ink;
use super::list::{List, Row};
use crate::fleet::ExporterView;
use crate::screen::ui::Pane;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use unicode_width::UnicodeWidthStr as _;

/// How many lines it would like to have.
pub(super) fn need(ink: Ink<'_>) -> usize {
    ink.scene.overview().map_or(0, |it| it.exporters.len()).max(1) + 1
}

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, ink: Ink<'_>) -> usize {
    let exporters = ink.scene.overview().map(|it| &*it.exporters).unwrap_or_default();
    let name = exporters.iter().map(|it| it.name.width()).max().unwrap_or(0).clamp(4, 20);
    let list = List {
        pane: Pane::Exporters,
        title: format!("Exporters {}", exporters.len()),
        head: None,
        nothing: match ink.scene.link() {
            Some(Link::Files) => "only a daemon knows how they go",
            Some(Link::Daemon | Link::Server(_)) | None => "none",
        },
        length: exporters.len(),
        lines_each: 1,
    };
    list.draw(frame, area, ink, |at| {
        exporters.get(at).map(|it| line(it, name, area.width, ink)).into_iter().collect()
    })
}

fn line(exporter: &ExporterView, name: usize, width: u16, ink: Ink<'_>) -> Line<'static> {
    let look = ink.look;
    let mut row = Row::new(width);
    row.add(" ", Style::new());
    row.cell(&exporter.name, name, look.strong());
    if width >= 80 {
        row.cell(&exporter.kind, 7, look.faint());
    }
    row.cell(exporter.state.as_str(), 8, look.exporter(exporter.state));
    let lag = if exporter.behind_bytes == 0 {
        "nothing waits".to_owned()
    } else {
        format!("{} behind, {}", span(exporter.lag_ms), bytes(exporter.behind_bytes))
    };
    row.cell(&lag, 22, if exporter.behind_bytes == 0 { look.faint() } else { look.warning() });
    row.cell(&format!("{} sent", exporter.sent), 12, Style::new());
    let dead = exporter.dead_letters;
    if dead > 0 {
        row.add(&format!("{dead} dead letters  "), look.bad());
    }
    if exporter.circuit != "closed" {
        row.add(&format!("circuit {}  ", exporter.circuit), look.bad());
    }
    row.add(exporter.problem.as_deref().unwrap_or_default(), look.warning());
    row.line()
}
