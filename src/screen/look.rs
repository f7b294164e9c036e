//! How things look. A colour never says anything that a word or a mark does not say, too.

use crate::fleet::{ExporterState, LaneState};
use ratatui::style::{Color, Modifier, Style};

/// What the terminal can show, and the person wants to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Whether there are colours.
    pub colours: bool,
}

#[expect(clippy::unused_self, reason = "how it looks is asked of the look")]
impl Look {
    fn colour(self, colour: Color) -> Style {
        if self.colours { Style::new().fg(colour) } else { Style::new() }
    }

    /// What is there, and of no interest now.
    pub(super) fn faint(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// What is to be seen first.
    pub(super) fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// Where the person is.
    pub(super) fn chosen(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// The name of the pane where the person is.
    pub(super) fn title(self, is_here: bool) -> Style {
        if is_here { self.colour(Color::Cyan).add_modifier(Modifier::BOLD) } else { self.faint() }
    }

    /// All is well.
    pub(super) fn good(self) -> Style {
        self.colour(Color::Green)
    }

    /// Somebody may want to look.
    pub(super) fn warning(self) -> Style {
        self.colour(Color::Yellow)
    }

    /// Somebody has to look.
    pub(super) fn bad(self) -> Style {
        self.colour(Color::Red).add_modifier(Modifier::BOLD)
    }

    /// By the word for a severity.
    pub(super) fn severity(self, severity: &str) -> Style {
        match severity {
            "ERROR" => self.bad(),
            "WARN" => self.warning(),
            _ => Style::new(),
        }
    }

    /// A verdict: good news has a colour of its own.
    pub(super) fn verdict(self, verdict: &str, severity: &str) -> Style {
        if verdict == "CONFIRMED" { self.good() } else { self.severity(severity) }
    }

    /// A lane's state.
    pub(super) fn lane(self, state: LaneState) -> Style {
        match state {
            LaneState::Advancing => self.good(),
            LaneState::Starting => self.colour(Color::Cyan),
            LaneState::Spinning => self.warning(),
            LaneState::Stalled | LaneState::Gone | LaneState::GaveUp => self.bad(),
            LaneState::Held => self.colour(Color::Blue),
            LaneState::Free => self.faint(),
        }
    }

    /// An exporter's state.
    pub(super) fn exporter(self, state: ExporterState) -> Style {
        match state {
            ExporterState::Resting | ExporterState::Working => self.good(),
            ExporterState::Starting | ExporterState::Stopped => self.faint(),
            ExporterState::Waiting => self.warning(),
            ExporterState::Open | ExporterState::Disabled => self.bad(),
        }
    }
}

/// The mark of a lane's state.
pub(super) fn mark(state: LaneState) -> char {
    match state {
        LaneState::Starting => '◌',
        LaneState::Advancing => '●',
        LaneState::Spinning => '◐',
        LaneState::Stalled => '▲',
        LaneState::Gone => '✗',
        LaneState::GaveUp => '■',
        LaneState::Held => '◆',
        LaneState::Free => '·',
    }
}
