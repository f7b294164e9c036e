//! The picture: from what was seen and where the person is. Whatever the size, and down to one
//! column, it draws what fits and never fails.

mod exporters;
mod footer;
mod header;
mod lanes;
mod list;
mod overlay;
mod refuted;
mod verdicts;

use super::look::Look;
use super::scene::Scene;
use super::ui::{Pane, Ui};
use ratatui::Frame;
use ratatui::layout::Rect;

/// A screen that is lower shows only the pane where the person is.
const LOWEST_FOR_ALL: u16 = 18;

/// What the keys have to know about the last drawing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Room {
    /// Things on one page of the list, or lines of the text, where the person is.
    pub page: usize,
    /// How far the text can be scrolled.
    pub most_scroll: usize,
}

/// What a pane draws with.
#[derive(Clone, Copy)]
struct Ink<'a> {
    scene: &'a Scene,
    ui: &'a Ui,
    look: Look,
}

/// Draws everything.
pub fn draw(frame: &mut Frame<'_>, scene: &Scene, ui: &Ui, look: Look) -> Room {
    let ink = Ink { scene, ui, look };
    let mut left = frame.area();
    let top = take_top(&mut left, header::height(frame.area()));
    header::draw(frame, top, ink);
    let bottom = take_bottom(&mut left, 1);
    footer::draw(frame, bottom, ink);
    let mut room = Room::default();
    for (pane, area) in panes(left, ink) {
        let page = match pane {
            Pane::Lanes => lanes::draw(frame, area, ink),
            Pane::Refuted => refuted::draw(frame, area, ink),
            Pane::Verdicts => verdicts::draw(frame, area, ink),
            Pane::Exporters => exporters::draw(frame, area, ink),
        };
        if pane == ui.pane() {
            room.page = page;
        }
    }
    if let Some((overlay, scroll)) = ui.overlay() {
        return overlay::draw(frame, overlay, scroll, ink);
    }
    room
}

/// Where each pane is. What a pane does not need goes to the verdicts, of which there are always
/// more.
fn panes(area: Rect, ink: Ink<'_>) -> Vec<(Pane, Rect)> {
    let here = ink.ui.pane();
    if area.height < LOWEST_FOR_ALL {
        return vec![(here, area)];
    }
    let (lanes, refuted, exporters) =
        (lanes::need(ink), refuted::need(area, ink), exporters::need(ink));
    let part = |need: usize, of: u16, here: bool| {
        // Where somebody looks there is more to see.
        let most = if here { area.height / 2 } else { area.height / of };
        u16::try_from(need).unwrap_or(u16::MAX).min(most)
    };
    let mut left = area;
    let lanes = take_top(&mut left, part(lanes, 3, here == Pane::Lanes));
    let refuted = take_top(&mut left, part(refuted, 4, here == Pane::Refuted));
    let exporters = take_bottom(&mut left, part(exporters, 5, here == Pane::Exporters));
    vec![
        (Pane::Lanes, lanes),
        (Pane::Refuted, refuted),
        (Pane::Verdicts, left),
        (Pane::Exporters, exporters),
    ]
}

fn take_top(area: &mut Rect, height: u16) -> Rect {
    let height = height.min(area.height);
    let top = Rect { height, ..*area };
    *area = Rect { y: area.y + height, height: area.height - height, ..*area };
    top
}

fn take_bottom(area: &mut Rect, height: u16) -> Rect {
    let height = height.min(area.height);
    let bottom = Rect { y: area.y + area.height - height, height, ..*area };
    area.height -= height;
    bottom
}
