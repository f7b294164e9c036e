//! The first lines: which fleet, how it stands, whether what is seen is true now, the last hour.

use super::super::scene::Link;
use super::super::text::{clock, cut, cut_front, span};
use super::Ink;
use super::list::{Row, put};
use crate::fleet::{LaneState, MinuteCounts, Overview};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use unicode_width::UnicodeWidthStr as _;

const MINUTE_MS: i64 = 60_000;
const MINUTES: i64 = 60;

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// How many lines there are: fewer where there are few.
pub(super) fn height(area: Rect) -> u16 {
    match area.height {
        0..5 => 1,
        5..12 => 2,
        _ => 3,
    }
}

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, ink: Ink<'_>) {
    let overview = ink.scene.overview();
    let mut lines = vec![who(area.width, ink)];
    lines.push(overview.map_or_else(Line::default, |it| how(it, area.width, ink)));
    lines.push(overview.map_or_else(Line::default, |it| hour(it, area.width, ink)));
    put(frame, area, lines);
}

/// The fleet on the left, the link and the time on the right.
fn who(width: u16, ink: Ink<'_>) -> Line<'static> {
    let (said, style) = link(ink);
    let clock = ink.scene.now_ms().map(|now| format!("{}Z", clock(now))).unwrap_or_default();
    let wanted = said.width() + clock.width() + 3;
    let mut row = Row::new(width);
    row.add(" dosd ", ink.look.chosen());
    row.add(" ", Style::new());
    let workspace = ink.scene.overview().map(|it| it.workspace.clone()).unwrap_or_default();
    let room = row.left().saturating_sub(wanted).max(8).min(row.left());
    let workspace = cut_front(&workspace, room);
    row.add(&workspace, ink.look.strong());
    let gap = row.left().saturating_sub(wanted - 1).max(1);
    row.add(&" ".repeat(gap), Style::new());
    let room = row.left().saturating_sub(clock.width() + 2);
    row.add(&cut(&said, room), style);
    row.add("  ", Style::new());
    row.add(&clock, ink.look.faint());
    row.line()
}

fn link(ink: Ink<'_>) -> (String, Style) {
    let look = ink.look;
    if let Some((problem, since)) = ink.scene.problem() {
        let since = span(i64::try_from(since.as_millis()).unwrap_or(i64::MAX));
        return (format!("NOT UP TO DATE for {since}: {problem}"), look.bad());
    }
    let up = ink.scene.overview().and_then(|it| it.started_ms).zip(ink.scene.now_ms());
    let up = up.map(|(started, now)| format!(" up {}", span(now - started))).unwrap_or_default();
    match ink.scene.link() {
        None => ("looking …".to_owned(), look.faint()),
        Some(Link::Files) => ("no daemon runs".to_owned(), look.warning()),
        Some(Link::Daemon) => (format!("daemon{up}"), look.good()),
        Some(Link::Server(address)) => (format!("{address}{up}"), look.good()),
    }
}

/// How the population stands, and how many lanes are in which state.
fn how(overview: &Overview, width: u16, ink: Ink<'_>) -> Line<'static> {
    let look = ink.look;
    let mut row = Row::new(width);
    let population = &overview.population;
    row.add(" ", Style::new());
    if let Some(verdict) = &population.verdict {
        let style = match verdict.as_str() {
            "AT_TARGET" | "STEADY" => look.good(),
            "FILLING" | "DRAINING" => look.warning(),
            _ => look.bad(),
        };
        row.add(verdict, style);
        row.add(&format!("  {} of {} alive", population.alive, population.target), look.strong());
    } else {
        row.add("nothing supervised yet", look.faint());
    }
    for state in LaneState::ALL {
        let count = overview.lanes.iter().filter(|lane| lane.state == state).count();
        if count > 0 {
            let word = state.as_str().to_lowercase().replace('_', " ");
            row.add(&format!("  {count} {word}"), look.lane(state));
        }
    }
    row.line()
}

/// A bar for each minute of the last hour; a minute with a refuted claim stands out.
fn hour(overview: &Overview, width: u16, ink: Ink<'_>) -> Line<'static> {
    let look = ink.look;
    let sum = |count: fn(&MinuteCounts) -> u64| overview.history.iter().map(count).sum::<u64>();
    let all = |it: &MinuteCounts| it.info + it.warn + it.error;
    let (total, refuted, errors) = (sum(all), sum(|it| it.refuted), sum(|it| it.error));
    let tail = format!("  {total} verdicts in the last hour, {refuted} refuted, {errors} errors");
    let now_ms = ink.scene.now_ms().unwrap_or(overview.now_ms);
    let this_minute = now_ms - now_ms.rem_euclid(MINUTE_MS);
    let most = overview.history.iter().map(all).max().unwrap_or(0).max(1);
    let room = usize::from(width).saturating_sub(tail.width() + 1);
    let shown = i64::try_from(room).unwrap_or(MINUTES).min(MINUTES);
    let mut row = Row::new(width);
    row.add(" ", Style::new());
    for back in (0..shown).rev() {
        let at_ms = this_minute - back * MINUTE_MS;
        let minute = overview.history.iter().find(|minute| minute.at_ms == at_ms);
        let count = minute.map_or(0, all);
        let style = match minute {
            Some(minute) if minute.refuted > 0 => look.bad(),
            Some(minute) if minute.error > 0 => look.warning(),
            Some(_) => look.good(),
            None => look.faint(),
        };
        row.add(&bar(count, most).to_string(), style);
    }
    row.add(&tail, if refuted > 0 { look.bad() } else { look.faint() });
    row.line()
}

fn bar(count: u64, most: u64) -> char {
    if count == 0 {
        return '·';
    }
    let place = count.saturating_mul(BARS.len() as u64).div_ceil(most).clamp(1, BARS.len() as u64);
    usize::try_from(place - 1).ok().and_then(|place| BARS.get(place)).copied().unwrap_or('█')
}

#[cfg(test)]
mod tests {
    use super::bar;

    #[test]
    fn a_bar_is_high_as_its_share() {
        assert_eq!(
            [(0, 5), (1, 1_000), (4, 8), (8, 8)].map(|(n, most)| bar(n, most)),
            ['·', '▁', '▄', '█']
        );
    }
}
