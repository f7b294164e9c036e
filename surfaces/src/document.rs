//! One JSON document that somebody sends: an object, entity key to value, or an array of
//! entities that hold their key. Read part by part, never held whole.

use std::fmt;
use std::io::Read;

use dosd_actors::witness::{Entities, Unreadable};
use dosd_kernel::state_diff::{KeyError, Pointer};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// Where the entities of a document are.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Shape<'a> {
    /// The object or array that holds them; the document itself when not given.
    pub(crate) items: Option<&'a Pointer>,
    /// Their key inside of each, in an array; an object's fields are its entities.
    pub(crate) key: Option<&'a Pointer>,
}

/// Why a document could not be read.
pub(crate) enum DocumentError {
    /// It is not what was expected, or could not be read to its end.
    Json(serde_json::Error),
    /// It was read no further.
    Stopped(Unreadable),
}

impl Shape<'_> {
    /// Hands over the entities of a document, up to its very end.
    pub(crate) fn read(
        self,
        document: impl Read,
        into: &mut dyn Entities,
    ) -> Result<(), DocumentError> {
        // By far the most time goes into single bytes otherwise.
        let document = std::io::BufReader::with_capacity(1 << 16, document);
        let mut stopped = None;
        let mut read = serde_json::Deserializer::from_reader(document);
        let tokens = self.items.map(Pointer::tokens).unwrap_or_default();
        let there = At { tokens, all: tokens, key: self.key, into, stopped: &mut stopped };
        let ended = there.deserialize(&mut read).and_then(|()| read.end());
        match (stopped, ended) {
            (Some(unreadable), _) => Err(DocumentError::Stopped(unreadable)),
            (None, Err(error)) => Err(DocumentError::Json(error)),
            (None, Ok(())) => Ok(()),
        }
    }
}

/// On the way to the entities.
struct At<'a> {
    /// The rest of the way.
    tokens: &'a [String],
    /// The whole of it.
    all: &'a [String],
    key: Option<&'a Pointer>,
    into: &'a mut dyn Entities,
    stopped: &'a mut Option<Unreadable>,
}

impl At<'_> {
    fn hand_over<E: Error>(&mut self, key: &str, value: Value) -> Result<(), E> {
        self.into.entity(key, value).map_err(|stop| {
            *self.stopped = Some(stop.into());
            E::custom("it was read no further")
        })
    }

    fn nothing_there<E: Error>(&self) -> E {
        E::custom(format_args!(
            "nothing is at `/{}`, where the entities should be",
            self.all.join("/")
        ))
    }
}

impl<'de> DeserializeSeed<'de> for At<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for At<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match (self.tokens.is_empty(), self.key.is_some()) {
            (false, _) => "an object or an array on the way to the entities",
            (true, true) => "an array of entities, because a key is named",
            (true, false) => "an object of entities (name the `key` inside of each for an array)",
        })
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let Some((token, rest)) = self.tokens.split_first() else {
            if self.key.is_some() {
                return Err(Error::invalid_type(serde::de::Unexpected::Map, &self));
            }
            while let Some((key, value)) = map.next_entry::<String, Value>()? {
                self.hand_over(&key, value)?;
            }
            return Ok(());
        };
        let mut was_there = false;
        while let Some(key) = map.next_key::<String>()? {
            if key != *token {
                map.next_value::<IgnoredAny>()?;
            } else if std::mem::replace(&mut was_there, true) {
                return Err(Error::custom(format_args!("`{key}` is there twice")));
            } else {
                map.next_value_seed(self.further(rest))?;
            }
        }
        if was_there { Ok(()) } else { Err(self.nothing_there()) }
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        let Some((token, rest)) = self.tokens.split_first() else {
            let Some(pointer) = self.key else {
                return Err(Error::invalid_type(serde::de::Unexpected::Seq, &self));
            };
            let mut at = 0_u64;
            while let Some(value) = seq.next_element::<Value>()? {
                let key = pointer.key_in(&value).map_err(|error| no_key(pointer, at, error))?;
                self.hand_over(&key, value)?;
                at += 1;
            }
            return Ok(());
        };
        let wanted: Option<usize> = token.parse().ok();
        let mut was_there = false;
        let mut at = 0;
        loop {
            let more = if wanted == Some(at) {
                let found = seq.next_element_seed(self.further(rest))?.is_some();
                was_there |= found;
                found
            } else {
                seq.next_element::<IgnoredAny>()?.is_some()
            };
            if !more {
                return if was_there { Ok(()) } else { Err(self.nothing_there()) };
            }
            at += 1;
        }
    }
}

impl At<'_> {
    /// The same, one step on.
    fn further<'b>(&'b mut self, rest: &'b [String]) -> At<'b> {
        At {
            tokens: rest,
            all: self.all,
            key: self.key,
            into: &mut *self.into,
            stopped: &mut *self.stopped,
        }
    }
}

fn no_key<E: Error>(pointer: &Pointer, at: u64, error: KeyError) -> E {
    let way = pointer.tokens().join("/");
    match error {
        KeyError::Missing => E::custom(format_args!("entity {at} (from 0) has no key at `/{way}`")),
        KeyError::NoScalar => E::custom(format_args!(
            "the key at `/{way}` of entity {at} (from 0) is null, an array or an object"
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use dosd_actors::witness::{Entities, Stop};
    use dosd_kernel::state_diff::{Digest, Pointer};
    use serde_json::{Value, json};

    use super::{DocumentError, Shape};

    /// Takes three entities at most.
    #[derive(Default)]
    struct Few(BTreeMap<String, Value>);

    impl Entities for Few {
        fn entity(&mut self, key: &str, value: Value) -> Result<(), Stop> {
            if self.0.len() == 3 {
                return Err(Stop::TooMany { max: 3 });
            }
            self.0.insert(key.to_owned(), value);
            Ok(())
        }

        fn digested(&mut self, _: &str, _: Digest, _: u64) -> Result<(), Stop> {
            Ok(())
        }

        fn unfinished(&mut self, _: String) {}

        fn go_on(&mut self) -> Result<(), Stop> {
            Ok(())
        }

        fn time_left(&self) -> Duration {
            Duration::MAX
        }

        fn bytes_left(&self) -> u64 {
            u64::MAX
        }
    }

    fn read(items: &str, key: &str, document: &str) -> Result<Value, String> {
        let (items, key) = (Pointer::parse(items), Pointer::parse(key));
        let mut few = Few::default();
        let shape = Shape { items: items.as_ref(), key: key.as_ref() };
        match shape.read(document.as_bytes(), &mut few) {
            Ok(()) => Ok(few.0.into_iter().collect()),
            Err(DocumentError::Json(error)) => Err(error.to_string()),
            Err(DocumentError::Stopped(unreadable)) => Err(unreadable.to_string()),
        }
    }

    #[test]
    fn an_object_holds_its_entities_by_name_and_an_array_by_their_own_key() {
        assert_eq!(read("", "", r#" {"a": 1, "b": null} "#), Ok(json!({"a": 1, "b": null})));
        let rows = r#"[{"id": 7, "x": [1]}, {"id": "b"}, {"id": true}]"#;
        let by_id = json!({"7": {"id": 7, "x": [1]}, "b": {"id": "b"}, "true": {"id": true}});
        assert_eq!(read("", "/id", rows), Ok(by_id.clone()));
        let inside =
            format!(r#"{{"next": [9], "data": [0, {{"rows": {rows}}}, {{}}], "z": {{}}}}"#);
        assert_eq!(read("/data/1/rows", "/id", &inside), Ok(by_id));
        assert_eq!(read("", "/id", "[]"), Ok(json!({})));
        assert_eq!(read("/a", "", r#"{"a": {}}"#), Ok(json!({})));
    }

    #[test]
    fn what_is_not_as_it_should_be_is_an_error() {
        for (items, key, document, cause) in [
            ("", "", "", "EOF"),
            ("", "", "null", "invalid type: null, expected an object of entities"),
            ("", "", "[]", "name the `key`"),
            ("", "/id", "{}", "expected an array of entities"),
            ("", "", r#"{"a": 1"#, "EOF"),
            ("", "", r#"{"a": 1} {}"#, "trailing"),
            ("", "/id", r#"[{"id": 1}, {}]"#, "entity 1 (from 0) has no key at `/id`"),
            ("", "/id", r#"[{"id": null}]"#, "is null"),
            ("", "/id", "[7]", "has no key"),
            ("/a/b", "", r#"{"a": {"c": {}}}"#, "nothing is at `/a/b`"),
            ("/a/b", "", r#"{"a": 7}"#, "on the way"),
            ("/a", "", r#"{"a": {}, "a": {"x": 1}}"#, "`a` is there twice"),
            ("/2", "", "[{}, {}]", "nothing is at `/2`"),
            ("/x", "", "[{}]", "nothing is at `/x`"),
            ("", "", r#"{"a":1,"b":1,"c":1,"d":1}"#, "more than 3 entities"),
        ] {
            let error = read(items, key, document).unwrap_err();
            assert!(error.contains(cause), "{document}: {error}");
        }
    }
}
