//! What lies over the panes: the keys, or one thing told in full.

use super::super::scene::Scene;
use super::super::text::{bytes, clean, span, wrap};
use super::super::ui::{Overlay, Thing};
use super::{Ink, Room};
use crate::fleet::{ExporterView, LaneView, VerdictView};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear};
use serde_json::Value;

const WIDEST: u16 = 100;
/// Columns of the names of fields.
const NAME: usize = 13;

/// What each key does.
const HELP: [(&str, &str); 12] = [
    ("q, Esc", "quit; Esc first clears the filter"),
    ("Ctrl-C", "quit, wherever you are"),
    ("Tab", "to the next pane; Shift-Tab to the one before"),
    ("j, k, arrows", "down and up"),
    ("PgDn, PgUp", "a page down and up; Space is a page down"),
    ("g, G", "to the first and the last; Home and End, too"),
    ("Enter", "tell all about the chosen one"),
    ("/", "show only verdicts that have a text: verdict, lane, run, subject, reason"),
    ("p", "hold the verdicts still, and let them go on"),
    ("?", "this page"),
    ("", ""),
    (
        "",
        "Times are UTC. BEAT is how long ago the holder of the lease showed life, RUNS how many runs of the lane ended before.",
    ),
];

pub(super) fn draw(frame: &mut Frame<'_>, overlay: &Overlay, scroll: usize, ink: Ink<'_>) -> Room {
    let area = frame.area();
    let width = area.width.saturating_sub(4).min(WIDEST).max(area.width.min(20));
    let (title, fields) = match overlay {
        Overlay::Help => {
            let fields = HELP.iter().map(|(key, what)| (*key, (*what).to_owned())).collect();
            ("Keys".to_owned(), fields)
        }
        Overlay::Detail(thing) => tell(thing, ink.scene),
    };
    let lines = lines(&fields, width.saturating_sub(4).into(), ink);
    let height = u16::try_from(lines.len() + 2)
        .unwrap_or(u16::MAX)
        .min(area.height.saturating_sub(2).max(1));
    let place = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + area.height.saturating_sub(height) / 2,
        width,
        height,
    }
    .intersection(area);
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(ink.look.title(true))
        .title(Span::styled(format!(" {} ", clean(&title)), ink.look.title(true)));
    let inner = block.inner(place);
    frame.render_widget(Clear, place);
    frame.render_widget(block, place);
    let page = usize::from(inner.height);
    let most_scroll = lines.len().saturating_sub(page);
    let text = Rect { x: inner.x + u16::from(inner.width > 2), ..inner }.intersection(inner);
    super::list::put(frame, text, lines.into_iter().skip(scroll.min(most_scroll)).collect());
    Room { page, most_scroll }
}

fn lines(fields: &[(&'static str, String)], width: usize, ink: Ink<'_>) -> Vec<Line<'static>> {
    let beside = width > NAME + 20;
    let mut lines = Vec::new();
    for (name, value) in fields {
        let room = if beside { width - NAME - 1 } else { width };
        let mut head = if beside { format!("{name:<NAME$} ") } else { String::new() };
        if !beside && !name.is_empty() {
            lines.push(Line::styled(*name, ink.look.faint()));
        }
        for part in wrap(&clean(value), room) {
            let indent = if beside { " ".repeat(NAME + 1) } else { String::new() };
            let head = std::mem::replace(&mut head, indent);
            lines.push(Line::from(vec![
                Span::styled(head, ink.look.faint()),
                Span::styled(part, Style::new()),
            ]));
        }
    }
    lines
}

fn tell(thing: &Thing, scene: &Scene) -> (String, Vec<(&'static str, String)>) {
    let gone = || vec![("", "It is not there any more.".to_owned())];
    let overview = scene.overview();
    match thing {
        Thing::Verdict(verdict) => ("Verdict".to_owned(), of_verdict(verdict)),
        Thing::Lane { lane, run_id } => {
            let lanes = overview.map(|it| &*it.lanes).unwrap_or_default();
            let same = |it: &&LaneView| it.lane == *lane;
            let found = lanes.iter().filter(same).find(|it| it.run_id == *run_id);
            // Its run has ended, and the lane is still there.
            let found = found.or_else(|| lanes.iter().find(same));
            (format!("Lane {lane}"), found.map_or_else(gone, |lane| of_lane(lane, scene)))
        }
        Thing::Exporter(name) => {
            let found = overview.and_then(|it| it.exporters.iter().find(|it| it.name == *name));
            (format!("Exporter {name}"), found.map_or_else(gone, of_exporter))
        }
    }
}

fn of_verdict(verdict: &VerdictView) -> Vec<(&'static str, String)> {
    let text = |key: &str| verdict.row.get(key).map(shown).unwrap_or_default();
    let mut fields = vec![
        ("verdict", format!("{} ({})", text("verdict"), verdict.severity)),
        ("reason", verdict.reason.clone().unwrap_or_default()),
        ("subject", text("subject")),
        ("lane", text("lane")),
        ("run", text("run_id")),
        ("decided by", text("syscall")),
        ("at", text("ts")),
        ("row", text("seq")),
        ("source", text("source")),
    ];
    fields.retain(|(_, value)| !value.is_empty());
    if let Some(Value::Object(detail)) = verdict.row.get("detail") {
        let more = detail.iter().filter(|(key, _)| *key != "reason");
        fields.extend(more.map(|(key, value)| ("detail", format!("{key} = {}", shown(value)))));
    }
    fields
}

fn of_lane(lane: &LaneView, scene: &Scene) -> Vec<(&'static str, String)> {
    let elapsed = scene.elapsed_ms();
    let since =
        |age: Option<i64>| age.map(|age| span(age.saturating_add(elapsed))).unwrap_or_default();
    let number = |it: Option<u64>| it.map(|it| it.to_string()).unwrap_or_default();
    let mut fields = vec![
        ("state", lane.state.as_str().to_owned()),
        ("run", lane.run_id.clone().unwrap_or_default()),
        ("pid", number(lane.pid.map(u64::from))),
        ("owner", lane.owner.clone().unwrap_or_default()),
        ("fence", number(lane.fence)),
        ("age", since(lane.age_ms)),
        ("last beat", since(lane.beat_age_ms)),
        ("runs before", lane.restarts.to_string()),
    ];
    if let Some(last) = &lane.last_verdict {
        fields.extend([
            ("last verdict", format!("{} by {} at {}", last.verdict, last.syscall, last.ts)),
            ("about", last.subject.clone()),
            ("reason", last.reason.clone().unwrap_or_default()),
        ]);
    }
    fields.retain(|(_, value)| !value.is_empty());
    fields
}

fn of_exporter(exporter: &ExporterView) -> Vec<(&'static str, String)> {
    let mut fields = vec![
        ("kind", exporter.kind.clone()),
        ("state", exporter.state.as_str().to_owned()),
        ("lag", span(exporter.lag_ms)),
        ("behind", bytes(exporter.behind_bytes)),
        ("sent", exporter.sent.to_string()),
        ("dead letters", exporter.dead_letters.to_string()),
        ("circuit", exporter.circuit.clone()),
        ("problem", exporter.problem.clone().unwrap_or_default()),
    ];
    fields.retain(|(_, value)| !value.is_empty());
    fields
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}
