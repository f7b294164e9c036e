//! Records in memory, put in the order of their keys.

use dosd_kernel::state_diff::Digest;

use super::record;

/// Records, one behind the other, and their order.
#[derive(Default)]
pub(super) struct Arena {
    bytes: Vec<u8>,
    order: Vec<Place>,
    is_unordered: bool,
}

/// Where a record begins, with the first bytes of its key that not all keys share: most
/// comparisons need no more.
#[derive(Debug, Clone, Copy)]
struct Place {
    first: u64,
    at: u32,
}

impl Arena {
    /// How many bytes it takes with one more record of this key.
    pub(super) fn size_with(&self, key: &str) -> usize {
        let places = (self.order.len() + 1) * size_of::<Place>();
        self.bytes.len() + places + key.len() + record::OVERHEAD
    }

    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// The record at this place of the order, as it is written.
    pub(super) fn record(&self, index: usize) -> &[u8] {
        let Some(place) = self.order.get(index) else { return &[] };
        let bytes = &self.bytes[place.at as usize..];
        &bytes[..record::len(bytes).unwrap_or_default()]
    }

    /// The key and the digest at this place of the order.
    pub(super) fn get(&self, index: usize) -> Option<(&[u8], Digest)> {
        record::read(self.record(index))
    }

    /// Adds a record behind all others. The caller sees to it that they take less than 4 GiB.
    pub(super) fn push(&mut self, key: &str, digest: Digest) {
        let last = self.order.last().map(|last| self.key(*last));
        self.is_unordered |= last.is_some_and(|last| last >= key.as_bytes());
        let at = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        record::write(key, digest, &mut self.bytes);
        self.order.push(Place { first: 0, at });
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.order.clear();
        self.is_unordered = false;
    }

    /// Puts them in order; of equal keys the one that was added first comes first.
    pub(super) fn sort(&mut self) {
        if !std::mem::take(&mut self.is_unordered) {
            return;
        }
        let shared = self.shared_prefix();
        let bytes = &self.bytes;
        for place in &mut self.order {
            place.first = first_bytes(key(bytes, *place).get(shared..).unwrap_or_default());
        }
        self.order.sort_unstable_by(|a, b| {
            a.first
                .cmp(&b.first)
                .then_with(|| key(bytes, *a).cmp(key(bytes, *b)))
                .then_with(|| a.at.cmp(&b.at))
        });
    }

    /// A key that is there more than once, once they are in order.
    pub(super) fn twice(&self) -> Option<&[u8]> {
        let pairs = self.order.array_windows::<2>();
        pairs.map(|[a, b]| (self.key(*a), self.key(*b))).find(|(a, b)| a == b).map(|(key, _)| key)
    }

    /// Of equal keys keeps the one that was added last, once they are in order.
    pub(super) fn keep_last(&mut self) {
        let bytes = &self.bytes;
        self.order.dedup_by(|later, kept| {
            let same = key(bytes, *later) == key(bytes, *kept);
            if same {
                *kept = *later;
            }
            same
        });
    }

    /// Gives back the memory of records that are in no place of the order any more.
    pub(super) fn compact(&mut self) {
        let live = (0..self.len()).map(|index| self.record(index).len()).sum();
        let mut bytes = Vec::with_capacity(live);
        for place in &mut self.order {
            let record = &self.bytes[place.at as usize..];
            let at = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            bytes.extend_from_slice(&record[..record::len(record).unwrap_or_default()]);
            place.at = at;
        }
        self.bytes = bytes;
    }

    fn key(&self, place: Place) -> &[u8] {
        key(&self.bytes, place)
    }

    /// How many first bytes all keys share.
    fn shared_prefix(&self) -> usize {
        let Some((first, rest)) = self.order.split_first() else { return 0 };
        let first = self.key(*first);
        rest.iter().fold(first.len(), |shared, place| {
            let same = first[..shared].iter().zip(self.key(*place)).take_while(|(a, b)| a == b);
            same.count()
        })
    }
}

fn key(bytes: &[u8], place: Place) -> &[u8] {
    let bytes = &bytes[place.at as usize..];
    let end = record::len(bytes).unwrap_or_default().saturating_sub(Digest::LEN);
    bytes.get(4..end).unwrap_or_default()
}

fn first_bytes(key: &[u8]) -> u64 {
    let mut first = [0; 8];
    for (to, from) in first.iter_mut().zip(key) {
        *to = *from;
    }
    u64::from_be_bytes(first)
}
