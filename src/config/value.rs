//! One value of the file: what it is, and the value of a type that it holds, if it does. It knows no
//! key and reports nothing.

use toml::de::{DeArray, DeTable, DeValue};

/// A number as TOML has them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    Integer(i64),
    Float(f64),
}

/// The types of values, as far as checks tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Text,
    Number,
    Boolean,
    Date,
    List,
    Table,
}

impl Shape {
    /// The shape of a value.
    pub(super) fn of(value: &DeValue<'_>) -> Self {
        match value {
            DeValue::String(_) => Self::Text,
            DeValue::Integer(_) | DeValue::Float(_) => Self::Number,
            DeValue::Boolean(_) => Self::Boolean,
            DeValue::Datetime(_) => Self::Date,
            DeValue::Array(_) => Self::List,
            DeValue::Table(_) => Self::Table,
        }
    }
}

pub(super) fn as_text<'a>(value: &'a DeValue<'a>) -> Option<&'a str> {
    if let DeValue::String(text) = value { Some(text) } else { None }
}

pub(super) fn as_table<'a>(value: &'a DeValue<'a>) -> Option<&'a DeTable<'a>> {
    if let DeValue::Table(table) = value { Some(table) } else { None }
}

pub(super) fn as_array<'a>(value: &'a DeValue<'a>) -> Option<&'a DeArray<'a>> {
    if let DeValue::Array(array) = value { Some(array) } else { None }
}

/// A number, and whether it fits; nothing when the value is no number at all.
#[expect(clippy::option_option, reason = "not a number and not a usable one are two answers")]
pub(super) fn as_number(value: &DeValue<'_>) -> Option<Option<Number>> {
    if let DeValue::Integer(integer) = value {
        let parsed = i64::from_str_radix(integer.as_str(), integer.radix());
        return Some(parsed.ok().map(Number::Integer));
    }
    if let DeValue::Float(float) = value {
        let finite = float.as_str().parse().ok().filter(|float: &f64| float.is_finite());
        return Some(finite.map(Number::Float));
    }
    None
}

/// What a value is, for people.
pub(super) fn type_name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a fraction",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
