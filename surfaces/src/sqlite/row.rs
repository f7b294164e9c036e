//! A row as an entity.

use std::fmt::Write as _;

use dosd_actors::witness::Entities;
use dosd_kernel::state_diff::Digester;
use rusqlite::types::ValueRef;
use rusqlite::{Row, Statement};
use serde_json::{Map, Number, Value};

use crate::stop::Halt;

/// What each column is for.
pub(super) struct Columns {
    /// The places of the key columns, in the order of the configuration.
    key: Vec<usize>,
    /// The other columns with their places, in the order of their names.
    value: Vec<(String, usize)>,
    digester: Digester,
    text: String,
}

impl Columns {
    /// The columns of a statement, those of the key by name.
    pub(super) fn of(statement: &Statement<'_>, key: &[String]) -> Result<Self, Halt> {
        let names: Vec<&str> = statement.column_names().collect();
        let mut places = Vec::new();
        for wanted in key {
            let mut same =
                (0..names.len()).filter(|place| names[*place].eq_ignore_ascii_case(wanted));
            match (same.next(), same.next()) {
                (Some(place), None) => places.push(place),
                (Some(_), Some(_)) => return Err(twice(wanted)),
                (None, _) => {
                    let names = names.join("`, `");
                    return Err(Halt::Broken(format!(
                        "there is no column `{wanted}` for the key, only `{names}`"
                    )));
                }
            }
        }
        if places.is_empty() {
            return Err(Halt::broken("no column is named for the key"));
        }
        let others = names.iter().enumerate().filter(|(place, _)| !places.contains(place));
        let mut value: Vec<(String, usize)> =
            others.map(|(place, name)| ((*name).to_owned(), place)).collect();
        value.sort_unstable();
        if let Some(pair) = value.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(twice(&pair[0].0));
        }
        Ok(Self { key: places, value, digester: Digester::default(), text: String::new() })
    }

    /// Hands over a row; its number is for errors.
    pub(super) fn hand(
        &mut self,
        row: &Row<'_>,
        number: u64,
        into: &mut dyn Entities,
    ) -> Result<(), Halt> {
        self.text.clear();
        for (at, place) in self.key.iter().enumerate() {
            if at > 0 {
                self.text.push('/');
            }
            write_key(row.get_ref(*place)?, &mut self.text)
                .map_err(|why| Halt::Broken(format!("row {number} has no key: {why}")))?;
        }
        if into.takes_digests() {
            self.digester.begin_object();
            for (name, place) in &self.value {
                self.digester.field(name);
                match row.get_ref(*place)? {
                    ValueRef::Null => self.digester.null(),
                    ValueRef::Integer(value) => self.digester.integer(value),
                    ValueRef::Real(value) if value.is_finite() => self.digester.float(value),
                    ValueRef::Text(text) => match str::from_utf8(text) {
                        Ok(text) => self.digester.text(text),
                        Err(_) => self.digester.value(&value(ValueRef::Text(text))),
                    },
                    other @ (ValueRef::Real(_) | ValueRef::Blob(_)) => {
                        self.digester.value(&value(other));
                    }
                }
            }
            let digest = self.digester.end_object();
            into.digested(&self.text, digest, self.digester.len() as u64)?;
        } else {
            let mut fields = Map::new();
            for (name, place) in &self.value {
                fields.insert(name.clone(), value(row.get_ref(*place)?));
            }
            into.entity(&self.text, Value::Object(fields))?;
        }
        Ok(())
    }
}

fn twice(name: &str) -> Halt {
    Halt::Broken(format!("two columns are named `{name}`; give one another name with `AS`"))
}

fn value(column: ValueRef<'_>) -> Value {
    match column {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(value) => value.into(),
        ValueRef::Real(value) => {
            Number::from_f64(value).map_or_else(|| tagged("real", value.to_string()), Value::Number)
        }
        ValueRef::Text(text) => match str::from_utf8(text) {
            Ok(text) => text.into(),
            Err(_) => tagged("text", hex(text)),
        },
        ValueRef::Blob(bytes) => tagged("blob", hex(bytes)),
    }
}

fn tagged(kind: &str, text: String) -> Value {
    Value::Object([(kind.to_owned(), Value::String(text))].into_iter().collect())
}

fn write_key(column: ValueRef<'_>, into: &mut String) -> Result<(), &'static str> {
    match column {
        ValueRef::Null => return Err("a key column is null"),
        ValueRef::Integer(value) => {
            // A text takes whatever is written to it.
            let _ = write!(into, "{value}");
        }
        ValueRef::Real(value) => match Number::from_f64(value) {
            Some(value) => {
                let _ = write!(into, "{value}");
            }
            None => return Err("a key column is an infinite number"),
        },
        ValueRef::Text(text) => match str::from_utf8(text) {
            Ok(text) => into.push_str(text),
            Err(_) => return Err("a key column is a text that is no UTF-8"),
        },
        ValueRef::Blob(bytes) => into.push_str(&hex(bytes)),
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}
