//! The bytes of a value that its digest is made of: no two values that differ give the
//! same bytes, and equal values give equal ones.
//!
//! Each part begins with what it is; texts and integers say how long they are; arrays and
//! objects have an end. The fields of an object come in the order of their names.

use alloc::vec::Vec;
use core::ops::Range;

use serde_json::{Number, Value};

/// Writes one value after the other, in buffers that it keeps.
#[derive(Debug, Default)]
pub(super) struct Canonical {
    bytes: Vec<u8>,
    /// The fields of the objects that are not ended yet, those of the innermost last.
    fields: Vec<Field>,
    /// Where in `fields` each of these objects begins.
    open: Vec<usize>,
    /// Where fields are put in order.
    spare: Vec<u8>,
}

/// A field that was written.
#[derive(Debug, Clone)]
struct Field {
    name: Range<usize>,
    /// From before its name to behind its value.
    all: Range<usize>,
}

impl Canonical {
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.fields.clear();
        self.open.clear();
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn null(&mut self) {
        self.bytes.push(b'n');
    }

    pub(super) fn boolean(&mut self, value: bool) {
        self.bytes.push(if value { b't' } else { b'f' });
    }

    pub(super) fn integer(&mut self, value: i128) {
        self.bytes.push(if value < 0 { b'm' } else { b'i' });
        self.varint(value.unsigned_abs());
    }

    /// Whole numbers as integers, however they were written; all others as their bits.
    pub(super) fn float(&mut self, value: f64) {
        if let Some(integer) = whole(value) {
            self.integer(integer);
        } else {
            self.bytes.push(b'd');
            self.bytes.extend_from_slice(&value.to_bits().to_le_bytes());
        }
    }

    pub(super) fn text(&mut self, value: &str) {
        self.bytes.push(b's');
        self.varint(value.len() as u128);
        self.bytes.extend_from_slice(value.as_bytes());
    }

    pub(super) fn begin_array(&mut self) {
        self.bytes.push(b'a');
    }

    pub(super) fn end_array(&mut self) {
        self.bytes.push(b'e');
    }

    pub(super) fn begin_object(&mut self) {
        self.bytes.push(b'o');
        self.open.push(self.fields.len());
    }

    /// The name of the field whose value is written next.
    pub(super) fn field(&mut self, name: &str) {
        let start = self.bytes.len();
        self.end_field(start);
        self.text(name);
        let end = self.bytes.len();
        self.fields.push(Field { name: end - name.len()..end, all: start..end });
    }

    /// The field that was written last ends at `at`, if it is one of the innermost object.
    fn end_field(&mut self, at: usize) {
        let first = self.open.last().copied().unwrap_or_default();
        if let Some(last) = self.fields[first..].last_mut() {
            last.all.end = at;
        }
    }

    pub(super) fn end_object(&mut self) {
        self.end_field(self.bytes.len());
        let first = self.open.pop().unwrap_or_default();
        let bytes = &self.bytes;
        let fields = &mut self.fields[first..];
        let name = |field: &Field| &bytes[field.name.clone()];
        if !fields.is_sorted_by(|a, b| name(a) < name(b)) {
            // Stable: of a name that comes twice the last field counts, as everywhere.
            fields.sort_by(|a, b| name(a).cmp(name(b)));
            self.spare.clear();
            for (at, field) in fields.iter().enumerate() {
                if fields.get(at + 1).is_none_or(|next| name(next) != name(field)) {
                    self.spare.extend_from_slice(&bytes[field.all.clone()]);
                }
            }
            let start = fields.iter().map(|field| field.all.start).min();
            self.bytes.truncate(start.unwrap_or_default());
            self.bytes.extend_from_slice(&self.spare);
        }
        self.fields.truncate(first);
        self.bytes.push(b'e');
    }

    pub(super) fn number(&mut self, number: &Number) {
        let integer = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
        match integer {
            Some(integer) => self.integer(integer),
            None => self.float(number.as_f64().unwrap_or_default()),
        }
    }

    pub(super) fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.null(),
            Value::Bool(value) => self.boolean(*value),
            Value::Number(number) => self.number(number),
            Value::String(text) => self.text(text),
            Value::Array(items) => {
                self.begin_array();
                for item in items {
                    self.value(item);
                }
                self.end_array();
            }
            Value::Object(fields) => {
                self.begin_object();
                for (name, value) in fields {
                    self.field(name);
                    self.value(value);
                }
                self.end_object();
            }
        }
    }

    /// Seven bits a byte, the lowest first; all but the last have the highest bit set.
    fn varint(&mut self, mut value: u128) {
        loop {
            let seven = value.to_le_bytes()[0] & 0x7f;
            value >>= 7;
            if value == 0 {
                return self.bytes.push(seven);
            }
            self.bytes.push(seven | 0x80);
        }
    }
}

/// The integer that a float is exactly, if it is one that an integer can be.
fn whole(float: f64) -> Option<i128> {
    #[expect(clippy::cast_possible_truncation, reason = "the cast saturates, and is then checked")]
    let integer = float as i128;
    super::float_is(float, integer).then_some(integer)
}
