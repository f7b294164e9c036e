//! JSON pointers (RFC 6901): removing what they point at, and keys that they point at.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;

use serde_json::Value;

/// A place inside a value, like `/updated_at` or `/lines/0/price`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer {
    /// From the outside in; never empty.
    tokens: Vec<String>,
}

/// Why a value has no key where a pointer says that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyError {
    /// Nothing is there.
    Missing,
    /// What is there is null, an array or an object.
    NoScalar,
}

impl Pointer {
    /// Reads a pointer; none when it is not one, or points at the whole value.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let tokens = text.strip_prefix('/')?.split('/').map(unescape).collect::<Option<_>>()?;
        Some(Self { tokens })
    }

    /// The way that it describes, from the outside in.
    #[must_use]
    pub fn tokens(&self) -> &[String] {
        &self.tokens
    }

    /// The key that it points at: a text as it is, a number or a boolean as JSON writes it.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn key_in(&self, value: &Value) -> Result<String, KeyError> {
        let mut inner = value;
        for token in &self.tokens {
            inner = match inner {
                Value::Object(fields) => fields.get(token),
                Value::Array(items) => token.parse().ok().and_then(|at: usize| items.get(at)),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
            }
            .ok_or(KeyError::Missing)?;
        }
        match inner {
            Value::String(text) => Ok(text.clone()),
            Value::Number(_) | Value::Bool(_) => Ok(inner.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => Err(KeyError::NoScalar),
        }
    }

    /// Removes what it points at, if that is there.
    pub fn remove_from(&self, value: &mut Value) {
        let Some((last, parents)) = self.tokens.split_last() else { return };
        let mut inner = value;
        for parent in parents {
            let Some(next) = child(inner, parent) else { return };
            inner = next;
        }
        match inner {
            Value::Object(fields) => drop(fields.remove(last)),
            Value::Array(items) => {
                if let Some(at) = last.parse().ok().filter(|at| *at < items.len()) {
                    items.remove(at);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut tokens = self.tokens.iter();
        tokens.try_for_each(|token| write!(out, "/{}", token.replace('~', "~0").replace('/', "~1")))
    }
}

fn child<'a>(value: &'a mut Value, token: &str) -> Option<&'a mut Value> {
    match value {
        Value::Object(fields) => fields.get_mut(token),
        Value::Array(items) => items.get_mut(token.parse::<usize>().ok()?),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// `~1` is a slash and `~0` a tilde; any other tilde is an error.
fn unescape(token: &str) -> Option<String> {
    let mut parts = token.split('~');
    let mut text = String::from(parts.next()?);
    for part in parts {
        let mut rest = part.chars();
        text.push(match rest.next()? {
            '0' => '~',
            '1' => '/',
            _ => return None,
        });
        text.push_str(rest.as_str());
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::Pointer;
    use alloc::string::ToString as _;
    use serde_json::{Value, json};

    fn without(mut value: Value, pointer: &str) -> Value {
        Pointer::parse(pointer).unwrap().remove_from(&mut value);
        value
    }

    #[test]
    fn removes_what_it_points_at_and_nothing_else() {
        let value = json!({"a": {"b": [1, 2]}, "x/y": 1, "~": 2});
        assert_eq!(without(value.clone(), "/a/b/0"), json!({"a": {"b": [2]}, "x/y": 1, "~": 2}));
        assert_eq!(without(value.clone(), "/x~1y"), json!({"a": {"b": [1, 2]}, "~": 2}));
        assert_eq!(without(value.clone(), "/~0"), json!({"a": {"b": [1, 2]}, "x/y": 1}));
        for nowhere in ["/z", "/a/z/0", "/a/b/7", "/a/b/first", "/"] {
            assert_eq!(without(value.clone(), nowhere), value, "{nowhere}");
        }
    }

    #[test]
    fn a_pointer_is_shown_as_it_was_written() {
        for text in ["/", "/a/b/0", "/x~1y", "/~0~1", "/a//b"] {
            assert_eq!(Pointer::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_pointer_is_refused() {
        for text in ["", "a", "a/b", "/~", "/~2"] {
            assert_eq!(Pointer::parse(text), None, "{text}");
        }
    }
}
