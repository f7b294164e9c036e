//! A value in 128 bits, so that a million of them fit where the values would not.
//!
//! Equal values have equal digests, equal as [`json_equal`](super::json_equal) has it: 1 is
//! 1.0, `true` is not 1, and the order of an object's keys is no difference. Two values that
//! differ have digests that differ, as far as BLAKE3 cut to 128 bits can promise.

use alloc::string::String;
use core::fmt;
use core::marker::PhantomData;

use serde::de::{DeserializeSeed, IgnoredAny};
use serde_json::Value;

use super::canonical::Canonical;
use super::json_text::{Seed, Sought, Text};
use super::pointer::{KeyError, Pointer};

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

/// Makes digests of values, one after the other, in buffers of its own.
///
/// A value can be given whole, as JSON text, or part by part between
/// [`Digester::begin_object`] and [`Digester::end_object`].
#[derive(Debug)]
pub struct Digester {
    canonical: Canonical,
    sought: Sought,
}

impl Default for Digester {
    fn default() -> Self {
        let sought = Sought { key: String::new(), found: Err(KeyError::Missing) };
        Self { canonical: Canonical::default(), sought }
    }
}

impl Digester {
    /// The digest of a value.
    pub fn digest(&mut self, value: &Value) -> Digest {
        self.canonical.clear();
        self.canonical.value(value);
        self.finish()
    }

    /// The digest of the first value in `json`, and how many bytes it takes there. When a key
    /// is looked for, [`Digester::key`] has it afterwards.
    ///
    /// A number that ends where `json` does may be the beginning of a longer one.
    ///
    /// # Errors
    /// When it does not begin with a value.
    pub fn digest_json(
        &mut self,
        json: &[u8],
        key: Option<&Pointer>,
    ) -> Result<(Digest, usize), serde_json::Error> {
        self.canonical.clear();
        self.sought.found = Err(KeyError::Missing);
        let way = key.map(Pointer::tokens);
        let seed = Seed { out: &mut self.canonical, way, sought: &mut self.sought };
        let ((), len) = parse_first(json, seed)?;
        Ok((self.finish(), len))
    }

    /// The key in the last value that was given as JSON.
    ///
    /// # Errors
    /// [`KeyError`]: it has none there.
    pub fn key(&self) -> Result<&str, KeyError> {
        self.sought.found.map(|()| self.sought.key.as_str())
    }

    /// The digest of a text as a value.
    pub fn digest_text(&mut self, text: &str) -> Digest {
        self.canonical.clear();
        self.canonical.text(text);
        self.finish()
    }

    /// Begins an object: each of its fields is a [`Digester::field`] and what it holds.
    pub fn begin_object(&mut self) {
        self.canonical.clear();
        self.canonical.begin_object();
    }

    /// The name of the next field.
    pub fn field(&mut self, name: &str) {
        self.canonical.field(name);
    }

    /// A field's value that is null.
    pub fn null(&mut self) {
        self.canonical.null();
    }

    /// A field's value that is a whole number.
    pub fn integer(&mut self, value: i64) {
        self.canonical.integer(value.into());
    }

    /// A field's value that is a number, and finite: JSON has no other.
    pub fn float(&mut self, value: f64) {
        self.canonical.float(value);
    }

    /// A field's value that is a text.
    pub fn text(&mut self, value: &str) {
        self.canonical.text(value);
    }

    /// A field's value that is at hand as a whole.
    pub fn value(&mut self, value: &Value) {
        self.canonical.value(value);
    }

    /// Ends the object. Its digest is that of the same object as one value.
    pub fn end_object(&mut self) -> Digest {
        self.canonical.end_object();
        self.finish()
    }

    /// How many bytes the last value took.
    #[must_use]
    pub fn len(&self) -> usize {
        self.canonical.bytes().len()
    }

    /// Whether nothing was digested yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.canonical.bytes().is_empty()
    }

    fn finish(&self) -> Digest {
        Digest::of_bytes(self.canonical.bytes())
    }
}

/// Takes the text that `json` begins with into `into`; says how many bytes it takes there.
///
/// # Errors
/// When it does not begin with a text.
pub fn read_text(json: &[u8], into: &mut String) -> Result<usize, serde_json::Error> {
    parse_first(json, Text(into)).map(|((), len)| len)
}

/// What the first value in `json` gives, and how many bytes it takes there.
fn parse_first<'de, S: DeserializeSeed<'de>>(
    json: &'de [u8],
    seed: S,
) -> Result<(S::Value, usize), serde_json::Error> {
    let mut text = serde_json::Deserializer::from_slice(json);
    let value = seed.deserialize(&mut text)?;
    // An iterator over what is left tells where it would begin.
    Ok((value, text.into_iter::<IgnoredAny>().byte_offset()))
}

/// The first value in `json`, and how many bytes it takes there.
///
/// # Errors
/// When it does not begin with a value.
pub fn read_value(json: &[u8]) -> Result<(Value, usize), serde_json::Error> {
    parse_first(json, PhantomData)
}

#[cfg(test)]
mod tests {
    use super::super::json_equal;
    use super::{Digest, Digester, KeyError, Pointer, read_text, read_value};
    use alloc::string::{String, ToString as _};
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

        #[test]
        fn text_has_the_digest_and_the_key_of_its_value(
            value in value(),
            pointer in prop_oneof![Just("/a"), Just("/b/0"), Just("/a/b"), Just("/0/ab"), Just("/1")],
        ) {
            let mut digester = Digester::default();
            let pointer = Pointer::parse(pointer).unwrap();
            let text = serde_json::to_string_pretty(&value).unwrap();
            let (digest, len) =
                digester.digest_json(text.as_bytes(), Some(&pointer)).unwrap();
            prop_assert_eq!(len, text.len());
            prop_assert_eq!(read_value(text.as_bytes()).unwrap(), (value.clone(), len));
            let key = pointer.key_in(&value);
            prop_assert_eq!(digester.key().map(String::from), key);
            prop_assert_eq!(digest, digester.digest(&value));
        }
    }

    fn of_text(text: &str) -> Digest {
        Digester::default().digest_json(text.as_bytes(), None).unwrap().0
    }

    #[test]
    fn of_fields_with_one_name_the_last_counts_and_their_order_is_no_difference() {
        let value = json!({"a": {"x": 1}, "b": [2]});
        let digest = Digester::default().digest(&value);
        for text in [
            r#"{"a":{"x":1},"b":[2]}"#,
            r#"{"b":[2.0],"a":{"x":1}}"#,
            r#"{"b":0,"a":{"x":1},"b":[2]}"#,
            r#"{"a":[],"b":[2],"a":{"x":0,"x":1}}"#,
        ] {
            assert_eq!(of_text(text), digest, "{text}");
        }
        let mut digester = Digester::default();
        let id = Pointer::parse("/a/id").unwrap();
        digester.digest_json(br#"{"a":{"id":1},"a":{"id":"two"}}"#, Some(&id)).unwrap();
        assert_eq!(digester.key(), Ok("two"));
        digester.digest_json(br#"{"a":{"id":1},"a":{}}"#, Some(&id)).unwrap();
        assert_eq!(digester.key(), Err(KeyError::Missing));
    }

    #[test]
    fn keys_are_scalars() {
        let mut digester = Digester::default();
        let id = Pointer::parse("/id").unwrap();
        for (text, key) in [
            (r#"{"id":"a b"}"#, Ok("a b")),
            (r#"{"id":-7}"#, Ok("-7")),
            (r#"{"id":18446744073709551615}"#, Ok("18446744073709551615")),
            (r#"{"id":1.50}"#, Ok("1.5")),
            (r#"{"id":true}"#, Ok("true")),
            (r#"{"id":null}"#, Err(KeyError::NoScalar)),
            (r#"{"id":{"id":1}}"#, Err(KeyError::NoScalar)),
            (r#"{"id":[1]}"#, Err(KeyError::NoScalar)),
            (r#"{"di":1}"#, Err(KeyError::Missing)),
            ("[1]", Err(KeyError::Missing)),
        ] {
            digester.digest_json(text.as_bytes(), Some(&id)).unwrap();
            assert_eq!(digester.key(), key, "{text}");
            let value: Value = serde_json::from_str(text).unwrap();
            assert_eq!(id.key_in(&value), key.map(str::to_string), "{text}");
        }
    }

    #[test]
    fn an_object_given_by_its_fields_is_that_object() {
        let mut digester = Digester::default();
        digester.begin_object();
        digester.field("total");
        digester.float(2.0);
        digester.field("id");
        digester.integer(-1);
        digester.field("note");
        digester.text("x");
        digester.field("gone");
        digester.null();
        digester.field("data");
        digester.value(&json!({"b": [1]}));
        let digest = digester.end_object();
        let value = json!({"id": -1, "total": 2, "note": "x", "gone": null, "data": {"b": [1]}});
        assert_eq!(digest, digester.digest(&value));
        assert_eq!(digester.digest_text("x"), digester.digest(&json!("x")));
    }

    #[test]
    fn what_is_no_json_has_no_digest() {
        for text in ["", "{", "}", "{]}", "\"\\ud800\"", "nul", "[1,]", "\u{feff}1"] {
            assert!(Digester::default().digest_json(text.as_bytes(), None).is_err(), "{text}");
            assert!(read_value(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn the_first_value_is_taken_and_the_rest_is_left() {
        for (text, len) in [("1 2", 1), ("{} x", 2), (" [1] ", 4), ("\"a\":", 3), ("truex", 4)] {
            assert_eq!(Digester::default().digest_json(text.as_bytes(), None).unwrap().1, len);
            assert_eq!(read_value(text.as_bytes()).unwrap().1, len, "{text}");
        }
        let mut text = String::from("before");
        assert_eq!(read_text(b" \"a\\n\": 1", &mut text).unwrap(), 6);
        assert_eq!(text, "a\n");
        assert!(read_text(b"1", &mut text).is_err());
    }
}
