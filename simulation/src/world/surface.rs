//! A surface: one JSON object in a file, read as the json surface reads it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use dosd_actors::port::Storage;
use dosd_actors::port::testing::MemoryStorage;
use dosd_actors::witness::{Entities, Surface, Unreadable};
use dosd_kernel::Map;
use dosd_kernel::evidence::Accountability;

/// Where the orders are.
const PATH: &str = "/w/orders.json";

/// The orders that workers place. Clones share them.
#[derive(Clone)]
pub(crate) struct Orders {
    disk: MemoryStorage,
    is_broken: Arc<AtomicBool>,
}

impl Orders {
    pub(crate) fn new(disk: MemoryStorage) -> Self {
        disk.put(Path::new(PATH), b"{}");
        Self { disk, is_broken: Arc::default() }
    }

    /// Places an order.
    pub(crate) fn place(&self, key: &str) {
        let mut orders = self.all();
        orders.insert(key.to_owned(), true.into());
        let bytes = serde_json::Value::Object(orders).to_string();
        self.disk.put(Path::new(PATH), bytes.as_bytes());
    }

    /// From now on nobody can read them, or everybody again.
    pub(crate) fn set_broken(&self, is_broken: bool) {
        self.is_broken.store(is_broken, Ordering::Relaxed);
    }

    fn all(&self) -> Map {
        serde_json::from_slice(&self.disk.bytes(Path::new(PATH))).unwrap_or_default()
    }
}

impl Surface for Orders {
    fn name(&self) -> &'static str {
        "orders"
    }

    fn kind(&self) -> &'static str {
        "json"
    }

    fn accountability(&self) -> Accountability {
        Accountability::OsRecorded
    }

    fn read(&self, into: &mut dyn Entities) -> Result<(), Unreadable> {
        if self.is_broken.load(Ordering::Relaxed) {
            return Err(Unreadable::new("the store is locked"));
        }
        let bytes = self.disk.read(Path::new(PATH));
        bytes.map_err(|cause| Unreadable::new(cause.to_string()))?;
        for (key, value) in self.all() {
            into.entity(&key, value)?;
        }
        Ok(())
    }
}
