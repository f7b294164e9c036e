//! Where the person is and what the keys do: a state machine that knows neither the keyboard nor
//! the screen. Any key does something sensible or nothing, whatever there is to see.

use super::draw::Room;
use super::scene::Scene;
use crate::fleet::{LaneView, VerdictView};
use std::collections::VecDeque;

/// A longer filter is none.
const LONGEST_FILTER: usize = 200;

/// A key, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// One up.
    Up,
    /// One down.
    Down,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// To the first.
    Home,
    /// To the last.
    End,
    /// To the next pane.
    Next,
    /// To the pane before.
    Previous,
    /// Tell more.
    Enter,
    /// Back.
    Escape,
    /// Take a letter back.
    Backspace,
    /// Ctrl-C.
    Interrupt,
    /// A letter.
    Letter(char),
}

/// The parts of the screen with a list each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pane {
    /// The lanes.
    Lanes,
    /// The refuted claims.
    Refuted,
    /// All verdicts.
    Verdicts,
    /// The exporters.
    Exporters,
}

impl Pane {
    /// All of them, from top to bottom.
    pub const ALL: [Self; 4] = [Self::Lanes, Self::Refuted, Self::Verdicts, Self::Exporters];

    fn step(self, by: usize) -> Self {
        Self::ALL[(self as usize + by) % Self::ALL.len()]
    }
}

/// What lies over the panes.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Overlay {
    /// The keys.
    Help,
    /// All about one thing.
    Detail(Thing),
}

/// One thing, told in full. Verdicts never change; of the others the newest state is shown.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Thing {
    Lane { lane: String, run_id: Option<String> },
    Verdict(Box<VerdictView>),
    Exporter(String),
}

/// Verdicts as they were when somebody said stop.
#[derive(Debug, Clone)]
struct Frozen {
    verdicts: VecDeque<VerdictView>,
    taken: u64,
}

/// Where the person is.
#[derive(Debug, Clone)]
pub struct Ui {
    pane: Pane,
    /// The chosen lane, refuted claim and exporter, by place.
    places: [usize; 4],
    /// The chosen verdict; none for the newest, whatever it is.
    verdict: Option<String>,
    filter: String,
    /// The filter before the one that is being typed.
    before: Option<String>,
    frozen: Option<Frozen>,
    overlay: Option<Overlay>,
    scroll: usize,
    is_over: bool,
}

impl Default for Ui {
    fn default() -> Self {
        Self {
            pane: Pane::Lanes,
            places: [0; 4],
            verdict: None,
            filter: String::new(),
            before: None,
            frozen: None,
            overlay: None,
            scroll: 0,
            is_over: false,
        }
    }
}

impl Ui {
    /// Whether the person has seen enough.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// Takes a key. `room` is what the last drawing said.
    pub fn press(&mut self, key: Key, scene: &Scene, room: Room) {
        if key == Key::Interrupt {
            self.is_over = true;
        } else if self.before.is_some() {
            self.type_filter(key);
        } else if self.overlay.is_some() {
            self.read(key, room);
        } else {
            self.walk(key, scene, room);
        }
    }

    /// The pane where the person is.
    pub(super) fn pane(&self) -> Pane {
        self.pane
    }

    /// What lies over the panes, and how far it is scrolled.
    pub(super) fn overlay(&self) -> Option<(&Overlay, usize)> {
        self.overlay.as_ref().map(|overlay| (overlay, self.scroll))
    }

    /// The filter, and whether it is being typed.
    pub(super) fn filter(&self) -> (&str, bool) {
        (&self.filter, self.before.is_some())
    }

    /// How many verdicts came since the stream was stopped; none while it flows.
    pub(super) fn held_back(&self, scene: &Scene) -> Option<u64> {
        self.frozen.as_ref().map(|frozen| scene.taken().saturating_sub(frozen.taken))
    }

    /// The verdicts that are shown, newest first.
    pub(super) fn verdicts<'a>(&'a self, scene: &'a Scene) -> Vec<&'a VerdictView> {
        let verdicts = self.frozen.as_ref().map_or_else(|| scene.verdicts(), |it| &it.verdicts);
        let wanted = self.filter.to_lowercase();
        verdicts.iter().filter(|verdict| speaks_of(verdict, &wanted)).collect()
    }

    /// The place of the chosen thing in a pane with so many.
    pub(super) fn place(&self, pane: Pane, scene: &Scene) -> usize {
        if pane == Pane::Verdicts {
            let Some(chosen) = &self.verdict else { return 0 };
            return self.verdicts(scene).iter().position(|it| it.id == *chosen).unwrap_or(0);
        }
        self.places[pane as usize].min(self.length(pane, scene).saturating_sub(1))
    }

    fn length(&self, pane: Pane, scene: &Scene) -> usize {
        let overview = scene.overview();
        match pane {
            Pane::Lanes => overview.map_or(0, |it| it.lanes.len()),
            Pane::Refuted => overview.map_or(0, |it| it.refuted.len()),
            Pane::Verdicts => self.verdicts(scene).len(),
            Pane::Exporters => overview.map_or(0, |it| it.exporters.len()),
        }
    }

    fn type_filter(&mut self, key: Key) {
        match key {
            Key::Letter(letter) if self.filter.len() < LONGEST_FILTER => self.filter.push(letter),
            Key::Backspace => {
                self.filter.pop();
            }
            Key::Enter => self.before = None,
            Key::Escape => self.filter = self.before.take().unwrap_or_default(),
            Key::Letter(_)
            | Key::Up
            | Key::Down
            | Key::PageUp
            | Key::PageDown
            | Key::Home
            | Key::End
            | Key::Next
            | Key::Previous
            | Key::Interrupt => {}
        }
    }

    fn read(&mut self, key: Key, room: Room) {
        let page = room.page.max(1);
        self.scroll = match key {
            Key::Up | Key::Letter('k') => self.scroll.saturating_sub(1),
            Key::Down | Key::Letter('j') => self.scroll + 1,
            Key::PageUp => self.scroll.saturating_sub(page),
            Key::PageDown | Key::Letter(' ') => self.scroll + page,
            Key::Home | Key::Letter('g') => 0,
            Key::End | Key::Letter('G') => room.most_scroll,
            Key::Escape | Key::Enter | Key::Backspace | Key::Letter('q' | '?') => {
                self.overlay = None;
                0
            }
            Key::Next | Key::Previous | Key::Interrupt | Key::Letter(_) => self.scroll,
        }
        .min(room.most_scroll);
    }

    fn walk(&mut self, key: Key, scene: &Scene, room: Room) {
        let last = self.length(self.pane, scene).saturating_sub(1);
        let (place, page) = (self.place(self.pane, scene), room.page.max(1));
        match key {
            Key::Up | Key::Letter('k') => self.choose(place.saturating_sub(1), scene),
            Key::Down | Key::Letter('j') => self.choose((place + 1).min(last), scene),
            Key::PageUp => self.choose(place.saturating_sub(page), scene),
            Key::PageDown | Key::Letter(' ') => self.choose((place + page).min(last), scene),
            Key::Home | Key::Letter('g') => self.choose(0, scene),
            Key::End | Key::Letter('G') => self.choose(last, scene),
            Key::Next => self.pane = self.pane.step(1),
            Key::Previous => self.pane = self.pane.step(Pane::ALL.len() - 1),
            Key::Enter => {
                self.overlay = self.chosen(scene).map(Overlay::Detail);
                self.scroll = 0;
            }
            Key::Letter('?' | 'h') => {
                self.overlay = Some(Overlay::Help);
                self.scroll = 0;
            }
            Key::Letter('/') => {
                self.pane = Pane::Verdicts;
                self.before = Some(std::mem::take(&mut self.filter));
            }
            Key::Letter('p') => self.pause(scene),
            // A filter is the first thing to go back from.
            Key::Escape if !self.filter.is_empty() => self.filter.clear(),
            Key::Escape | Key::Letter('q') => self.is_over = true,
            Key::Backspace | Key::Interrupt | Key::Letter(_) => {}
        }
    }

    fn choose(&mut self, place: usize, scene: &Scene) {
        if self.pane == Pane::Verdicts {
            // The first place stays the newest when newer ones come.
            let chosen = self.verdicts(scene).get(place).map(|it| it.id.clone());
            self.verdict = chosen.filter(|_| place > 0);
        } else {
            self.places[self.pane as usize] = place;
        }
    }

    fn chosen(&self, scene: &Scene) -> Option<Thing> {
        let overview = scene.overview()?;
        let place = self.place(self.pane, scene);
        let verdict = |it: &VerdictView| Thing::Verdict(Box::new(it.clone()));
        match self.pane {
            Pane::Lanes => overview.lanes.get(place).map(|LaneView { lane, run_id, .. }| {
                Thing::Lane { lane: lane.clone(), run_id: run_id.clone() }
            }),
            Pane::Refuted => overview.refuted.get(place).map(verdict),
            Pane::Verdicts => self.verdicts(scene).get(place).map(|it| verdict(it)),
            Pane::Exporters => {
                overview.exporters.get(place).map(|it| Thing::Exporter(it.name.clone()))
            }
        }
    }

    fn pause(&mut self, scene: &Scene) {
        self.frozen = match self.frozen.take() {
            Some(_) => None,
            None => Some(Frozen { verdicts: scene.verdicts().clone(), taken: scene.taken() }),
        };
    }
}

/// Whether a verdict has the text anywhere that people look.
fn speaks_of(verdict: &VerdictView, wanted: &str) -> bool {
    if wanted.is_empty() {
        return true;
    }
    let of_row = ["verdict", "syscall", "lane", "run_id", "subject"]
        .into_iter()
        .filter_map(|key| verdict.row.get(key).and_then(serde_json::Value::as_str));
    let mut all = of_row.chain([&*verdict.severity]).chain(verdict.reason.as_deref());
    all.any(|text| text.to_lowercase().contains(wanted))
}
