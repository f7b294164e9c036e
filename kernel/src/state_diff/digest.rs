//! A value in 128 bits, so that a million of them fit where the values would not.
//!
//! Equal values have equal digests, equal as [`json_equal`](super::json_equal) has it: 1 is
//! 1.0, `true` is not 1, and the order of an object's keys is no difference. Two values that
//! differ have digests that differ, as far as BLAKE3 cut to 128 bits can promise.

use alloc::vec::Vec;
use core::fmt;

use serde_json::{Number, Value};

/// The digest of a value, or of a file's bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; Self::LEN]);

impl Digest {
    /// Its length in bytes.
    pub const LEN: usize = 16;

    /// Of bytes that are compared as they are.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self::cut(&blake3::hash(bytes))
    }

    /// Of everything that a hasher was fed.
    #[must_use]
    pub fn of_hasher(hasher: &blake3::Hasher) -> Self {
        Self::cut(&hasher.finalize())
    }

    /// One that was kept.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// To be kept.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    fn cut(hash: &blake3::Hash) -> Self {
        let mut bytes = [0; Self::LEN];
        bytes.copy_from_slice(&hash.as_bytes()[..Self::LEN]);
        Self(bytes)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

/// Makes digests of values, one after the other, in a buffer of its own.
#[derive(Debug, Default)]
pub struct Digester {
    buffer: Vec<u8>,
}

impl Digester {
    /// The digest of a value.
    pub fn digest(&mut self, value: &Value) -> Digest {
        self.buffer.clear();
        write(value, &mut self.buffer);
        Digest::of_bytes(&self.buffer)
    }

    /// How many bytes the last value took.
    #[must_use]
    pub fn len(&self) -> usize {
        self.buffer.len()
    }

    /// Whether nothing was digested yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }
}

/// Writes a value so that no two values that differ give the same bytes: each part begins
/// with what it is and how long.
fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.push(b'n'),
        Value::Bool(false) => out.push(b'f'),
        Value::Bool(true) => out.push(b't'),
        Value::Number(number) => write_number(number, out),
        Value::String(text) => {
            out.push(b's');
            write_text(text, out);
        }
        Value::Array(items) => {
            out.push(b'a');
            write_len(items.len(), out);
            for item in items {
                write(item, out);
            }
        }
        Value::Object(fields) => {
            out.push(b'o');
            write_len(fields.len(), out);
            for (key, value) in fields {
                write_text(key, out);
                write(value, out);
            }
        }
    }
}

/// Whole numbers as integers, however they were written; all others as their bits.
fn write_number(number: &Number, out: &mut Vec<u8>) {
    let integer = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
    let float = number.as_f64().unwrap_or_default();
    if let Some(integer) = integer.or_else(|| whole(float)) {
        out.push(b'i');
        out.extend_from_slice(&integer.to_le_bytes());
    } else {
        out.push(b'd');
        out.extend_from_slice(&float.to_bits().to_le_bytes());
    }
}

/// The integer that a float is exactly, if it is one that an integer can be.
fn whole(float: f64) -> Option<i128> {
    #[expect(clippy::cast_possible_truncation, reason = "the cast saturates, and is then checked")]
    let integer = float as i128;
    super::float_is(float, integer).then_some(integer)
}

fn write_text(text: &str, out: &mut Vec<u8>) {
    write_len(text.len(), out);
    out.extend_from_slice(text.as_bytes());
}

fn write_len(len: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&(len as u64).to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::super::json_equal;
    use super::Digester;
    use alloc::vec::Vec;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn same(a: &Value, b: &Value) -> bool {
        let mut digester = Digester::default();
        digester.digest(a) == digester.digest(b)
    }

    #[test]
    fn numbers_that_are_equal_have_one_digest() {
        for (a, b) in [
            (json!(1), json!(1.0)),
            (json!(0), json!(-0.0)),
            (json!(u64::MAX), json!(u64::MAX)),
            (json!(10_000_000_000_000_000_000_u64), json!(1e19)),
            (json!({"b": [1.0], "a": null}), json!({"a": null, "b": [1]})),
        ] {
            assert!(same(&a, &b), "{a} {b}");
        }
        for (a, b) in [
            (json!(1), json!(true)),
            (json!(1), json!("1")),
            (json!(9_007_199_254_740_993_i64), json!(9_007_199_254_740_992.0)),
            (json!(["a", "b"]), json!(["ab"])),
            (json!([[], 1]), json!([[1]])),
            (json!({"a": {}}), json!({"a": []})),
            (json!(1e300), json!(1e301)),
        ] {
            assert!(!same(&a, &b), "{a} {b}");
        }
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-2_i64..3).prop_map(Value::from),
            (-2_i32..3).prop_map(|half| Value::from(f64::from(half) / 2.0)),
            any::<f64>().prop_map(Value::from),
            "[ab]{0,2}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 16, 3, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                proptest::collection::vec(("[ab]{1,2}", inner), 0..3)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn digests_are_equal_exactly_where_values_are(
            values in proptest::collection::vec(value(), 2..12)
        ) {
            let digests: Vec<_> =
                values.iter().map(|value| Digester::default().digest(value)).collect();
            for (a, left) in values.iter().zip(&digests) {
                for (b, right) in values.iter().zip(&digests) {
                    prop_assert_eq!(json_equal(a, b), left == right, "{} {}", a, b);
                }
            }
        }
    }
}
