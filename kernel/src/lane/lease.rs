//! A lease as the journal keeps it, and its identity.
//!
//! A lease is whatever object the journal holds: keys that we do not know ride
//! along untouched. Nothing here decides whether a lease is still good.

use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;
use serde_json::Value;

use crate::Map;
use crate::fold::text_of;
use crate::stamp;

/// A lease's identity.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeaseKey {
    /// The stamp that the holder's loop chose for itself.
    pub loop_ts: String,
    /// The lane.
    pub lane: String,
}

impl LeaseKey {
    /// The identity in a row or a lease; none when both halves are empty. What is no
    /// text counts as empty.
    #[must_use]
    pub fn of(fields: &Map) -> Option<Self> {
        let key = KeyRef::of(fields);
        (!key.is_blank()).then(|| key.to_key())
    }

    pub(crate) fn by_ref(&self) -> KeyRef<'_> {
        KeyRef { loop_ts: &self.loop_ts, lane: &self.lane }
    }
}

/// A borrowed identity: it looks a [`LeaseKey`] up without making one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct KeyRef<'a> {
    // In the order of `LeaseKey`, so that both hash alike.
    pub(crate) loop_ts: &'a str,
    pub(crate) lane: &'a str,
}

impl<'a> KeyRef<'a> {
    pub(crate) fn of(fields: &'a Map) -> Self {
        Self { loop_ts: text_of(fields, "loop_ts"), lane: text_of(fields, "lane") }
    }

    pub(crate) fn is_blank(self) -> bool {
        self.loop_ts.is_empty() && self.lane.is_empty()
    }

    pub(crate) fn to_key(self) -> LeaseKey {
        LeaseKey { loop_ts: self.loop_ts.into(), lane: self.lane.into() }
    }
}

impl hashbrown::Equivalent<LeaseKey> for KeyRef<'_> {
    fn equivalent(&self, key: &LeaseKey) -> bool {
        *self == key.by_ref()
    }
}

/// A lease: the object in the journal, with names for what we look at.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Lease {
    fields: Map,
}

impl Lease {
    /// The lease in this object.
    #[must_use]
    pub fn new(fields: Map) -> Self {
        Self { fields }
    }

    /// All of it.
    #[must_use]
    pub fn fields(&self) -> &Map {
        &self.fields
    }

    /// Its identity; none when both halves are empty.
    #[must_use]
    pub fn key(&self) -> Option<LeaseKey> {
        LeaseKey::of(&self.fields)
    }

    /// The lane it is for.
    #[must_use]
    pub fn lane(&self) -> &str {
        self.str("lane")
    }

    /// The kind it was granted as: `cluster`, `keyword`, `global` and so on.
    #[must_use]
    pub fn lane_kind(&self) -> &str {
        self.str("lane_kind")
    }

    /// The stamp that the holder's loop chose for itself.
    #[must_use]
    pub fn loop_ts(&self) -> &str {
        self.str("loop_ts")
    }

    /// The path globs that it was granted.
    #[must_use]
    pub fn tree(&self) -> Vec<String> {
        let globs = self.fields.get("tree").and_then(Value::as_array);
        globs.into_iter().flatten().filter_map(Value::as_str).map(String::from).collect()
    }

    /// Who holds it.
    #[must_use]
    pub fn holder(&self) -> &str {
        self.str("holder")
    }

    /// The host that the holder runs on.
    #[must_use]
    pub fn host_id(&self) -> &str {
        self.str("host_id")
    }

    /// The holder's process on that host.
    #[must_use]
    pub fn pid(&self) -> Option<i64> {
        self.fields.get("pid").and_then(Value::as_i64)
    }

    /// The run that holds it, or empty.
    #[must_use]
    pub fn run_id(&self) -> &str {
        self.str("run_id")
    }

    /// The fencing number of the grant: higher than that of every grant before it, so that
    /// whoever still acts on an older one is known. None for a grant without one.
    #[must_use]
    pub fn fence(&self) -> Option<u64> {
        self.fields.get("fence").and_then(Value::as_u64)
    }

    /// The stamp of the grant, as it was written.
    #[must_use]
    pub fn acquired_at(&self) -> Option<&str> {
        self.stamp("acquired_at")
    }

    /// When it was granted; none without a stamp, or with one that is no time.
    #[must_use]
    pub fn acquired_ms(&self) -> Option<i64> {
        self.acquired_at().and_then(stamp::parse_iso_ms)
    }

    /// The stamp of the newest beat, as it was written.
    #[must_use]
    pub fn heartbeat_at(&self) -> Option<&str> {
        self.stamp("heartbeat_at")
    }

    /// When the newest beat was; none without a stamp, or with one that is no time.
    #[must_use]
    pub fn heartbeat_ms(&self) -> Option<i64> {
        self.heartbeat_at().and_then(stamp::parse_iso_ms)
    }

    /// How long it is good for without a beat, in minutes; none when it names
    /// nothing that is above zero.
    #[must_use]
    pub fn ttl_minutes(&self) -> Option<f64> {
        self.fields.get("ttl_minutes").and_then(Value::as_f64).filter(|ttl| *ttl > 0.0)
    }

    /// Makes the lease say the identity that its row has. Nearly always it does; if a
    /// foreign program wrote something else, the row counts, or else a compaction,
    /// which keeps leases and not rows, would change who holds what.
    pub(crate) fn identify(&mut self, key: KeyRef<'_>) {
        if KeyRef::of(&self.fields) != key {
            self.fields.insert("loop_ts".into(), key.loop_ts.into());
            self.fields.insert("lane".into(), key.lane.into());
        }
    }

    pub(crate) fn key_ref(&self) -> KeyRef<'_> {
        KeyRef::of(&self.fields)
    }

    pub(crate) fn set(&mut self, key: &str, value: &Value) {
        self.fields.insert(key.into(), value.clone());
    }

    /// Sets the stamp of the newest beat, in place where there was one: this is
    /// what most rows of a journal do.
    pub(crate) fn beat(&mut self, stamp: &str) {
        match self.fields.get_mut("heartbeat_at") {
            Some(Value::String(held)) => {
                held.clear();
                held.push_str(stamp);
            }
            _ => {
                self.fields.insert("heartbeat_at".into(), stamp.into());
            }
        }
    }

    fn str(&self, key: &str) -> &str {
        text_of(&self.fields, key)
    }

    fn stamp(&self, key: &str) -> Option<&str> {
        Some(self.str(key)).filter(|text| !text.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::{KeyRef, Lease, LeaseKey};
    use alloc::string::String;
    use core::hash::BuildHasher as _;
    use serde_json::json;

    fn lease(value: &serde_json::Value) -> Lease {
        Lease::new(value.as_object().cloned().unwrap())
    }

    #[test]
    fn odd_fields_read_as_absent() {
        let odd = lease(&json!({
            "lane": null, "tree": "src", "pid": "7", "acquired_at": 5, "ttl_minutes": 0,
        }));
        assert_eq!((odd.lane(), odd.pid(), odd.acquired_ms()), ("", None, None));
        assert!(odd.tree().is_empty() && odd.ttl_minutes().is_none() && odd.key().is_none());
    }

    #[test]
    fn half_an_identity_is_enough() {
        let key = lease(&json!({"lane": "src", "loop_ts": 7})).key().unwrap();
        assert_eq!(key, LeaseKey { loop_ts: String::new(), lane: "src".into() });
    }

    #[test]
    fn a_borrowed_identity_hashes_like_an_owned_one() {
        let owned = LeaseKey { loop_ts: "t".into(), lane: "src".into() };
        let borrowed = KeyRef { loop_ts: "t", lane: "src" };
        let hasher = hashbrown::DefaultHashBuilder::default();
        assert_eq!(hasher.hash_one(&owned), hasher.hash_one(borrowed));
    }

    #[test]
    fn a_beat_replaces_an_odd_one() {
        let mut lease = lease(&json!({"heartbeat_at": 5}));
        lease.beat("a");
        lease.beat("b");
        assert_eq!(lease.heartbeat_at(), Some("b"));
    }
}
