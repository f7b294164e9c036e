//! Values on their way from text to whoever takes them.

use dosd_actors::witness::{Entities, Stop};
use dosd_kernel::state_diff::{Digest, Digester, KeyError, Pointer, read_value};
use serde_json::Value;

/// Parses values, and hands them over by a key that is given or that each holds.
pub(crate) struct Values<'a> {
    key: Option<&'a Pointer>,
    digester: Digester,
}

/// A value that was parsed.
pub(crate) enum Parsed {
    /// Nobody needs more of it.
    Digest(Digest),
    /// Parts of it are ignored.
    Value(Value),
}

/// Why a value was not handed over.
#[derive(Debug)]
pub(crate) enum Refused {
    /// Nobody wants more.
    Stop(Stop),
    /// It is none, or has no key; why, in words.
    Value(String),
}

impl<'a> Values<'a> {
    /// Values that hold their key here, if at all.
    pub(crate) fn by(key: Option<&'a Pointer>) -> Self {
        Self { key, digester: Digester::default() }
    }

    /// The first value in `json`, and how many bytes it takes there.
    pub(crate) fn parse(
        &mut self,
        json: &[u8],
        into: &dyn Entities,
    ) -> Result<(Parsed, usize), serde_json::Error> {
        if into.takes_digests() {
            let (digest, len) = self.digester.digest_json(json, self.key)?;
            Ok((Parsed::Digest(digest), len))
        } else {
            read_value(json).map(|(value, len)| (Parsed::Value(value), len))
        }
    }

    /// Hands over the value that was parsed last, by a key that is not in it.
    pub(crate) fn hand_as(
        &self,
        key: &str,
        parsed: Parsed,
        into: &mut dyn Entities,
    ) -> Result<(), Stop> {
        match parsed {
            Parsed::Digest(digest) => into.digested(key, digest, self.digester.len() as u64),
            Parsed::Value(value) => into.entity(key, value),
        }
    }

    /// Hands over the value that was parsed last, by the key in it.
    pub(crate) fn hand(&self, parsed: Parsed, into: &mut dyn Entities) -> Result<(), Refused> {
        let key = match (&parsed, self.key) {
            (Parsed::Digest(_), _) => self.digester.key(),
            (Parsed::Value(value), Some(pointer)) => {
                let key = pointer.key_in(value).map_err(|why| self.no_key(why))?;
                return self.hand_as(&key, parsed, into).map_err(Refused::Stop);
            }
            (Parsed::Value(_), None) => Err(KeyError::Missing),
        };
        let key = key.map_err(|why| self.no_key(why))?;
        self.hand_as(key, parsed, into).map_err(Refused::Stop)
    }

    fn no_key(&self, why: KeyError) -> Refused {
        let pointer = self.key.map(ToString::to_string).unwrap_or_default();
        Refused::Value(match why {
            KeyError::Missing => format!("has no key: nothing is at `{pointer}`"),
            KeyError::NoScalar => {
                format!("has no key: what is at `{pointer}` is no text, number or boolean")
            }
        })
    }
}
