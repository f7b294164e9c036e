//! Walking over several sorted parts of one read as if they were one.

use std::cmp::Ordering;

use dosd_kernel::state_diff::SortedEntities as _;

use super::digests::held_twice;
use super::file_walk::FileWalk;
use super::walk::{MemoryWalk, Walk};
use crate::witness::surface::{Repeats, Unreadable};

/// Over several walks at once.
///
/// The walks form a heap: none comes before its parent, at half its index. So the first one
/// has the least key, and an equal key is also at a child of it.
pub struct Merge<'a> {
    walks: Vec<Part<'a>>,
    repeats: Repeats,
    begun: bool,
}

struct Part<'a> {
    walk: Walk<'a>,
    /// How many parts were read before it.
    age: usize,
}

impl Part<'_> {
    /// Least key first; of equal ones the part that was read last.
    fn comes_before(&self, other: &Self) -> bool {
        match self.walk.key().cmp(other.walk.key()) {
            Ordering::Less => true,
            Ordering::Equal => self.age > other.age,
            Ordering::Greater => false,
        }
    }
}

impl<'a> Merge<'a> {
    /// Parts in the order in which they were read, and what was read after them.
    pub(super) fn of(parts: Vec<FileWalk>, memory: MemoryWalk<'a>, repeats: Repeats) -> Self {
        let parts = parts.into_iter().map(|part| Walk::File(Box::new(part)));
        let walks = parts.chain([Walk::Memory(memory)]).enumerate();
        let walks = walks.map(|(age, walk)| Part { walk, age }).collect();
        Self { walks, repeats, begun: false }
    }

    /// The walk that the current entity comes from.
    pub(super) fn walk(&self) -> Option<&Walk<'a>> {
        self.walks.first().map(|part| &part.walk)
    }

    pub(super) fn advance(&mut self) -> Result<bool, Unreadable> {
        if std::mem::replace(&mut self.begun, true) {
            self.advance_at(0)?;
        } else {
            self.begin()?;
        }
        while let Some(at) = self.same_key_again() {
            match self.repeats {
                Repeats::Refused => return Err(held_twice(self.walks[at].walk.key())),
                // It is of an older part.
                Repeats::LastCounts => self.advance_at(at)?,
            }
        }
        Ok(!self.walks.is_empty())
    }

    fn begin(&mut self) -> Result<(), Unreadable> {
        for mut part in std::mem::take(&mut self.walks) {
            if part.walk.advance()? {
                self.walks.push(part);
            }
        }
        for at in (0..self.walks.len() / 2).rev() {
            self.sink(at);
        }
        Ok(())
    }

    /// A child of the first one with its key.
    fn same_key_again(&self) -> Option<usize> {
        let key = self.walk()?.key();
        let same = |at: &usize| self.walks.get(*at).is_some_and(|part| part.walk.key() == key);
        [1, 2].into_iter().find(same)
    }

    fn advance_at(&mut self, at: usize) -> Result<(), Unreadable> {
        let Some(part) = self.walks.get_mut(at) else { return Ok(()) };
        if !part.walk.advance()? {
            // `at` is the first or a child of it, so the one that takes the place need not rise.
            self.walks.swap_remove(at);
        }
        self.sink(at);
        Ok(())
    }

    /// Moves a walk down to where none below comes before it.
    fn sink(&mut self, mut at: usize) {
        loop {
            let children = (2 * at + 1..2 * at + 3).filter(|child| *child < self.walks.len());
            let least = children
                .reduce(|a, b| if self.walks[b].comes_before(&self.walks[a]) { b } else { a });
            match least {
                Some(child) if self.walks[child].comes_before(&self.walks[at]) => {
                    self.walks.swap(child, at);
                    at = child;
                }
                Some(_) | None => return,
            }
        }
    }
}
