//! A setting that some lanes have for themselves.
//!
//! Owns how the name of a lane finds its setting. Never knows what is set.

use alloc::collections::BTreeMap;
use alloc::string::String;

/// The lane that stands for one more worker which picks its own. While a lane of that
/// name is there, stars are added to it.
pub(super) const HANDLE: &str = "auto";

/// One value for every lane, and others for some.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ByLane<T> {
    /// For every lane that has none of its own.
    pub usual: T,
    /// By the names of lanes.
    pub lanes: BTreeMap<String, T>,
}

impl<T> ByLane<T> {
    /// The value of a lane. A handle with stars has that of the one without.
    #[must_use]
    pub fn of(&self, lane: &str) -> &T {
        let handle = || is_handle(lane).then(|| self.lanes.get(HANDLE)).flatten();
        self.lanes.get(lane).or_else(handle).unwrap_or(&self.usual)
    }

    /// The same lanes with something that follows from each value.
    #[must_use]
    pub fn map<U>(&self, follow: impl Fn(&T) -> U) -> ByLane<U> {
        ByLane {
            usual: follow(&self.usual),
            lanes: self.lanes.iter().map(|(lane, it)| (lane.clone(), follow(it))).collect(),
        }
    }
}

impl<T> From<T> for ByLane<T> {
    /// The same for all.
    fn from(usual: T) -> Self {
        Self { usual, lanes: BTreeMap::new() }
    }
}

/// Whether this is the name of a handle, with or without stars: a worker that is started
/// for it picks its lane itself.
#[must_use]
pub fn is_handle(lane: &str) -> bool {
    lane.trim_end_matches('*') == HANDLE
}

#[cfg(test)]
mod tests {
    use super::ByLane;

    #[test]
    fn a_lane_has_its_own_value_or_the_usual_one() {
        let mut by_lane = ByLane::from(1);
        by_lane.lanes.extend([("a".into(), 2), ("auto".into(), 3), ("auto**".into(), 4)]);
        let of = |lanes: [&str; 7]| lanes.map(|lane| *by_lane.of(lane));
        let lanes = ["a", "b", "a*", "auto", "auto*", "auto**", "automatic"];
        assert_eq!(of(lanes), [2, 1, 1, 3, 3, 4, 1]);
        assert_eq!(by_lane.map(|it| it * 10).of("auto*"), &30);
    }
}
