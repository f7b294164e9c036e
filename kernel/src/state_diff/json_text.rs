//! The digest of JSON text, made while it is parsed: a million values are never built.

use alloc::string::String;
use core::fmt::{self, Write as _};

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

use super::canonical::Canonical;
use super::pointer::KeyError;

/// What is looked for in a value while it is parsed: the scalar that is its key.
#[derive(Debug)]
pub(super) struct Sought {
    /// What was found.
    pub(super) key: String,
    /// Whether it is a key.
    pub(super) found: Result<(), KeyError>,
}

/// One value, written as it is parsed.
pub(super) struct Seed<'a, 'p> {
    pub(super) out: &'a mut Canonical,
    /// The rest of the way to the key, when this value is on it.
    pub(super) way: Option<&'p [String]>,
    pub(super) sought: &'a mut Sought,
}

impl Seed<'_, '_> {
    /// This value is at the end of the way: it has to be a key.
    fn is_key(&self) -> bool {
        self.way.is_some_and(<[String]>::is_empty)
    }

    fn key(&mut self, value: &dyn fmt::Display) {
        if self.is_key() {
            self.sought.key.clear();
            // A text takes whatever is written to it.
            let _ = write!(self.sought.key, "{value}");
            self.sought.found = Ok(());
        }
    }

    fn no_key(&mut self) {
        if self.is_key() {
            self.sought.found = Err(KeyError::NoScalar);
        }
    }

    /// The way on through a child, if it leads there.
    fn through(way: Option<&[String]>, token: impl FnOnce(&str) -> bool) -> Option<&[String]> {
        let (first, rest) = way?.split_first()?;
        token(first).then_some(rest)
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_, '_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_unit<E>(mut self) -> Result<(), E> {
        self.no_key();
        self.out.null();
        Ok(())
    }

    fn visit_bool<E>(mut self, value: bool) -> Result<(), E> {
        self.key(&value);
        self.out.boolean(value);
        Ok(())
    }

    fn visit_i64<E>(mut self, value: i64) -> Result<(), E> {
        self.key(&value);
        self.out.integer(value.into());
        Ok(())
    }

    fn visit_u64<E>(mut self, value: u64) -> Result<(), E> {
        self.key(&value);
        self.out.integer(value.into());
        Ok(())
    }

    fn visit_f64<E>(mut self, value: f64) -> Result<(), E> {
        if let Some(number) = Number::from_f64(value) {
            self.key(&number);
        }
        self.out.float(value);
        Ok(())
    }

    fn visit_str<E>(mut self, value: &str) -> Result<(), E> {
        self.key(&value);
        self.out.text(value);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        self.no_key();
        self.out.begin_array();
        let mut at = 0_usize;
        loop {
            let way = Self::through(self.way, |token| token.parse() == Ok(at));
            let seed = Seed { out: &mut *self.out, way, sought: &mut *self.sought };
            if items.next_element_seed(seed)?.is_none() {
                break;
            }
            at += 1;
        }
        self.out.end_array();
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut fields: A) -> Result<(), A::Error> {
        self.no_key();
        self.out.begin_object();
        while let Some(way) = fields.next_key_seed(Name {
            out: &mut *self.out,
            way: self.way,
            sought: &mut *self.sought,
        })? {
            fields.next_value_seed(Seed { out: &mut *self.out, way, sought: &mut *self.sought })?;
        }
        self.out.end_object();
        Ok(())
    }
}

/// The name of a field. Gives the way on through its value.
struct Name<'a, 'p> {
    out: &'a mut Canonical,
    way: Option<&'p [String]>,
    sought: &'a mut Sought,
}

impl<'de, 'p> DeserializeSeed<'de> for Name<'_, 'p> {
    type Value = Option<&'p [String]>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_str(self)
    }
}

impl<'p> Visitor<'_> for Name<'_, 'p> {
    type Value = Option<&'p [String]>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the name of a field")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        self.out.field(name);
        let way = Seed::through(self.way, |token| token == name);
        if way.is_some() {
            // A name that comes twice: the last one counts, whatever it leads to.
            self.sought.found = Err(KeyError::Missing);
        }
        Ok(way)
    }
}

/// A text that is taken into a buffer.
pub(super) struct Text<'a>(pub(super) &'a mut String);

impl<'de> DeserializeSeed<'de> for Text<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_str(self)
    }
}

impl Visitor<'_> for Text<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a text")
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.0.clear();
        self.0.push_str(text);
        Ok(())
    }
}
