//! Values that hold their key themselves.

use dosd_actors::witness::{Entities, Stop};
use dosd_kernel::state_diff::{Digester, KeyError, Pointer};
use serde_json::Value;

/// Hands values over by the key that each holds.
pub(crate) struct Keyed<'a> {
    pointer: &'a Pointer,
    digester: Digester,
}

/// Why a value was not handed over.
#[derive(Debug)]
pub(crate) enum Refused {
    /// Nobody wants more.
    Stop(Stop),
    /// It is none, or has no key; why, in words.
    Value(String),
}

impl<'a> Keyed<'a> {
    pub(crate) fn by(pointer: &'a Pointer) -> Self {
        Self { pointer, digester: Digester::default() }
    }

    /// Hands over the value that is written as `json`.
    pub(crate) fn hand(&mut self, json: &[u8], into: &mut dyn Entities) -> Result<(), Refused> {
        let no_json = |cause| Refused::Value(format!("is no JSON value: {cause}"));
        if into.takes_digests() {
            let digest = self.digester.digest_json(json, Some(self.pointer)).map_err(no_json)?;
            let key = self.digester.key().map_err(|why| self.no_key(why))?;
            into.digested(key, digest, self.digester.len() as u64).map_err(Refused::Stop)
        } else {
            let value: Value = serde_json::from_slice(json).map_err(no_json)?;
            let key = self.pointer.key_in(&value).map_err(|why| self.no_key(why))?;
            into.entity(&key, value).map_err(Refused::Stop)
        }
    }

    fn no_key(&self, why: KeyError) -> Refused {
        let pointer = self.pointer;
        Refused::Value(match why {
            KeyError::Missing => format!("has no key: nothing is at `{pointer}`"),
            KeyError::NoScalar => {
                format!("has no key: what is at `{pointer}` is no text, number or boolean")
            }
        })
    }
}
