//! No acknowledged row is lost.

use alloc::collections::BTreeSet;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use serde_json::Value;

use super::{Invariant, Place, Row, Violation};
use crate::Map;
use crate::checksum;

/// Whether every row whose writer was answered stands in the journal: in the live file or in a
/// segment that a compaction left, all of which `rows` has. A row is known by what it says; its
/// number and its check sum are the journal's business. Holds always, after a loss of power too.
#[must_use]
pub fn acknowledged_rows_stay<'a>(
    rows: &[Row],
    acknowledged: impl IntoIterator<Item = &'a Map>,
) -> Vec<Violation> {
    let standing: BTreeSet<String> = rows.iter().map(|row| unnumbered(&row.fields)).collect();
    let texts = acknowledged.into_iter().map(unnumbered);
    let lost = texts.filter(|text| !standing.contains(text));
    let violation = |what| Violation {
        invariant: Invariant::AcknowledgedRowsStay,
        place: Place::Journal,
        what,
    };
    lost.map(violation).collect()
}

fn unnumbered(fields: &Map) -> String {
    let mut fields = fields.clone();
    fields.remove("seq");
    fields.remove(checksum::KEY);
    Value::Object(fields).to_string()
}
