//! The lanes: who is on each, how that goes, what was decided last. Columns that matter less go first
//! when the screen is narrow.

use super::super::look::mark;
use super::super::text::span;
use super::Ink;
use super::list::{List, Row};
use crate::fleet::LaneView;
use crate::screen::ui::Pane;
use dosd_kernel::stamp;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use unicode_width::UnicodeWidthStr as _;

const STATE: usize = 11;

/// Columns beside the name, the state and the last verdict, which are always there: what stands
/// above, the width, and how gladly one does without. They are shown in this order.
const COLUMNS: [(Column, &str, usize, u8); 6] = [
    (Column::Beat, "BEAT", 6, 1),
    (Column::Age, "AGE", 6, 2),
    (Column::Restarts, "RUNS", 4, 4),
    (Column::Pid, "PID", 7, 5),
    (Column::Owner, "OWNER", 14, 3),
    (Column::Run, "RUN", 19, 6),
];

/// With fewer columns than this there is nothing to read in the last verdict.
const LEAST_VERDICT: usize = 24;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    Beat,
    Age,
    Restarts,
    Pid,
    Owner,
    Run,
}

/// How many lines it would like to have.
pub(super) fn need(ink: Ink<'_>) -> usize {
    ink.scene.overview().map_or(2, |it| it.lanes.len().max(1) + 2)
}

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, ink: Ink<'_>) -> usize {
    let lanes = ink.scene.overview().map(|it| &*it.lanes).unwrap_or_default();
    let name = lanes.iter().map(|lane| lane.lane.width()).max().unwrap_or(0).clamp(4, 20);
    let columns = columns(usize::from(area.width), name);
    let list = List {
        pane: Pane::Lanes,
        title: format!("Lanes {}", lanes.len()),
        head: Some(head(name, &columns)),
        nothing: if ink.scene.overview().is_some() { "no lane is declared" } else { "looking …" },
        length: lanes.len(),
        lines_each: 1,
    };
    list.draw(frame, area, ink, |at| {
        lanes.get(at).map(|lane| line(lane, name, &columns, area.width, ink)).into_iter().collect()
    })
}

/// The columns that there is room for.
fn columns(width: usize, name: usize) -> Vec<(Column, &'static str, usize)> {
    let mut left = width.saturating_sub(1 + name + 2 + STATE + 2 + LEAST_VERDICT);
    let mut wanted = COLUMNS;
    wanted.sort_by_key(|(.., rank)| *rank);
    let mut kept = Vec::new();
    for (column, _, width, _) in wanted {
        if left < width + 2 {
            break;
        }
        left -= width + 2;
        kept.push(column);
    }
    let shown = COLUMNS.iter().filter(|(column, ..)| kept.contains(column));
    shown.map(|(column, title, width, _)| (*column, *title, *width)).collect()
}

fn head(name: usize, columns: &[(Column, &'static str, usize)]) -> String {
    let mut head = format!(" {:<name$}  {:<STATE$}  ", "LANE", "STATE");
    for (_, title, width) in columns {
        head = format!("{head}{title:<width$}  ");
    }
    head + "LAST VERDICT"
}

fn line(
    lane: &LaneView,
    name: usize,
    columns: &[(Column, &'static str, usize)],
    width: u16,
    ink: Ink<'_>,
) -> Line<'static> {
    let look = ink.look;
    let elapsed = ink.scene.elapsed_ms();
    let since =
        |age: Option<i64>| age.map(|age| span(age.saturating_add(elapsed))).unwrap_or_default();
    let mut row = Row::new(width);
    row.add(" ", Style::new());
    row.cell(&lane.lane, name, look.strong());
    row.cell(
        &format!("{} {}", mark(lane.state), lane.state.as_str()),
        STATE,
        look.lane(lane.state),
    );
    for (column, _, width) in columns {
        let text = match column {
            Column::Beat => since(lane.beat_age_ms),
            Column::Age => since(lane.age_ms),
            Column::Restarts => lane.restarts.to_string(),
            Column::Pid => lane.pid.map(|pid| pid.to_string()).unwrap_or_default(),
            Column::Owner => lane.owner.clone().unwrap_or_default(),
            Column::Run => lane.run_id.clone().unwrap_or_default(),
        };
        row.cell(&text, *width, Style::new());
    }
    if let Some(last) = &lane.last_verdict {
        row.add(&last.verdict, look.verdict(&last.verdict, &last.severity));
        let now_ms = ink.scene.now_ms().unwrap_or(0);
        if let Some(at_ms) = stamp::parse_iso_ms(&last.ts) {
            row.add(&format!(" {} ago", span(now_ms - at_ms)), look.faint());
        }
        let about = last.reason.as_deref().unwrap_or(&last.subject);
        row.add(&format!(" {about}"), Style::new());
    }
    row.line()
}

#[cfg(test)]
mod tests {
    use super::{COLUMNS, columns};

    #[test]
    fn columns_that_matter_less_go_first() {
        let names = |width| columns(width, 8).iter().map(|it| it.1).collect::<Vec<_>>();
        assert_eq!(names(40), [""; 0]);
        assert_eq!(names(60), ["BEAT"]);
        assert_eq!(names(80), ["BEAT", "AGE", "OWNER"]);
        assert_eq!(names(200).len(), COLUMNS.len());
    }
}
