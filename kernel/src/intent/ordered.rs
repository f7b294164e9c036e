//! Values by name, in the order in which the names were met first.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

/// The values. Setting one again keeps its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ordered<T> {
    values: Vec<(String, T)>,
    places: BTreeMap<String, usize>,
}

impl<T> Default for Ordered<T> {
    fn default() -> Self {
        Self { values: Vec::new(), places: BTreeMap::new() }
    }
}

impl<T> Ordered<T> {
    /// The value under a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&T> {
        self.places.get(name).and_then(|place| self.values.get(*place)).map(|(_, value)| value)
    }

    /// All names with their values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    pub(super) fn put(&mut self, name: String, value: T) {
        let place = *self.places.entry(name.clone()).or_insert(self.values.len());
        match self.values.get_mut(place) {
            Some((_, held)) => *held = value,
            None => self.values.push((name, value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Ordered;
    use std::vec::Vec;

    #[test]
    fn a_value_that_is_set_again_keeps_its_place() {
        let mut values = Ordered::default();
        for (name, value) in [("b", 1), ("a", 2), ("b", 3)] {
            values.put(name.into(), value);
        }
        assert_eq!(values.iter().collect::<Vec<_>>(), [("b", &3), ("a", &2)]);
        assert_eq!((values.get("b"), values.get("c"), values.len()), (Some(&3), None, 2));
        assert!(!values.is_empty());
    }
}
