//! A table of the file under check: takes typed values out of it, and reports what does not fit with
//! its place. It knows no key by name.

use super::problem::{Findings, Subject, Weight};
use super::quantity::{parse_duration, parse_size};
use super::value::{Number, Shape, as_array, as_number, as_table, as_text, type_name};
use super::words::did_you_mean;
use std::time::Duration;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value of the file with its place and its dotted key.
#[derive(Clone)]
pub(super) struct Found<'a, T> {
    pub(super) value: T,
    at: usize,
    path: String,
    findings: &'a Findings<'a>,
}

impl<'a, T> Found<'a, T> {
    pub(super) fn error(&self, what: impl Into<String>, help: impl Into<String>) {
        self.report(Weight::Error, Subject::Writing, what.into(), help.into());
    }

    pub(super) fn warning(&self, what: impl Into<String>, help: impl Into<String>) {
        self.report(Weight::Warning, Subject::Writing, what.into(), help.into());
    }

    /// Reports a declaration that does not go together with another one.
    pub(super) fn contradiction(
        &self,
        weight: Weight,
        what: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.report(weight, Subject::Declarations, what.into(), help.into());
    }

    fn report(&self, weight: Weight, subject: Subject, what: String, help: String) {
        self.findings.report((weight, subject), self.at, &self.path, what, help);
    }

    fn replace<U>(&self, value: U) -> Found<'a, U> {
        Found { value, at: self.at, path: self.path.clone(), findings: self.findings }
    }

    /// Reports a value of the wrong type.
    fn expected(&self, wanted: &str, value: &DeValue<'_>) {
        self.expected_with(Weight::Error, wanted, value);
    }

    fn expected_with(&self, weight: Weight, wanted: &str, value: &DeValue<'_>) {
        let what = format!("must be {wanted}, found {}", type_name(value));
        self.report(weight, Subject::Writing, what, format!("write {wanted}"));
    }
}

/// One table of the file.
#[derive(Clone)]
pub(super) struct Section<'a> {
    path: String,
    table: &'a DeTable<'a>,
    at: usize,
    findings: &'a Findings<'a>,
}

impl<'a> Section<'a> {
    /// The whole document.
    pub(super) fn root(document: &'a Spanned<DeTable<'a>>, findings: &'a Findings<'a>) -> Self {
        let at = document.span().start;
        Self { path: String::new(), table: document.get_ref(), at, findings }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.table.contains_key(name)
    }

    /// The dotted key of an entry of this table.
    pub(super) fn key(&self, name: &str) -> String {
        join(&self.path, name)
    }

    /// Every key of the table, with its place, whatever its value.
    pub(super) fn keys(&self) -> impl Iterator<Item = Found<'a, &'a str>> {
        self.table.keys().map(|name| {
            let value: &'a str = name.get_ref();
            let (at, path) = (name.span().start, self.key(value));
            Found { value, at, path, findings: self.findings }
        })
    }

    /// Reports every key that is not among `known`, with the nearest one that is.
    pub(super) fn refuse_unknown(&self, known: &[&str]) {
        self.report_unknown(Weight::Error, known);
    }

    /// Reports what [`Self::refuse_unknown`] does, with a weight of choice.
    pub(super) fn report_unknown(&self, weight: Weight, known: &[&str]) {
        for key in self.keys().filter(|key| !known.contains(&key.value)) {
            let help = did_you_mean(key.value, known);
            key.report(weight, Subject::Writing, "is not a known key".to_owned(), help);
        }
    }

    /// What type of value an entry has; nothing when it is absent.
    pub(super) fn shape(&self, name: &str) -> Option<Shape> {
        self.table.get(name).map(|value| Shape::of(value.get_ref()))
    }

    /// Reports that an entry, which is there, should be something else.
    pub(super) fn misshapen(&self, name: &str, weight: Weight, wanted: &str) {
        if let Some(value) = self.table.get(name) {
            let (at, path) = (value.span().start, self.key(name));
            let found = Found { value: (), at, path, findings: self.findings };
            found.expected_with(weight, wanted, value.get_ref());
        }
    }

    pub(super) fn missing(&self, name: &str, help: impl Into<String>) {
        self.findings.missing(self.at, &self.key(name), help.into());
    }

    pub(super) fn child(&self, name: &str) -> Option<Section<'a>> {
        self.typed(name, "a table", as_table).map(|found| self.section(found))
    }

    /// The tables of an array of tables, `[[name]]`; none when the key is absent.
    pub(super) fn children(&self, name: &str) -> Vec<Section<'a>> {
        let Some(array) = self.typed(name, "an array of tables", as_array) else {
            return Vec::new();
        };
        let mut sections = Vec::new();
        for (index, item) in array.value.iter().enumerate() {
            let path = format!("{}[{index}]", array.path);
            let found = Found { value: (), at: item.span().start, path, findings: self.findings };
            match as_table(item.get_ref()) {
                Some(table) => sections.push(self.section(found.replace(table))),
                None => found.expected("a table", item.get_ref()),
            }
        }
        sections
    }

    pub(super) fn text(&self, name: &str) -> Option<Found<'a, &'a str>> {
        self.typed(name, "a text in quotes", as_text)
    }

    pub(super) fn boolean(&self, name: &str) -> Option<Found<'a, bool>> {
        self.typed(name, "`true` or `false`", DeValue::as_bool)
    }

    pub(super) fn integer(&self, name: &str) -> Option<Found<'a, i64>> {
        let found = self.number_or(name, "a whole number")?;
        match found.value {
            Number::Integer(integer) => Some(found.replace(integer)),
            Number::Float(_) => {
                found.error("must be a whole number, found a fraction", "write a whole number");
                None
            }
        }
    }

    pub(super) fn number(&self, name: &str) -> Option<Found<'a, Number>> {
        self.number_or(name, "a number")
    }

    pub(super) fn texts(&self, name: &str) -> Option<Found<'a, Vec<Found<'a, &'a str>>>> {
        let array = self.typed(name, "a list of texts", as_array)?;
        let mut texts = Vec::new();
        for (index, item) in array.value.iter().enumerate() {
            let path = format!("{}[{index}]", array.path);
            let found = Found { value: (), at: item.span().start, path, findings: self.findings };
            match as_text(item.get_ref()) {
                Some(text) => texts.push(found.replace(text)),
                None => found.expected("a text in quotes", item.get_ref()),
            }
        }
        Some(array.replace(texts))
    }

    /// A list of texts, or one text by itself.
    pub(super) fn texts_or_one(&self, name: &str) -> Option<Vec<Found<'a, &'a str>>> {
        match self.shape(name)? {
            Shape::Text => self.text(name).map(|text| vec![text]),
            Shape::List => self.texts(name).map(|texts| texts.value),
            Shape::Number | Shape::Boolean | Shape::Date | Shape::Table => {
                self.misshapen(name, Weight::Error, "a text in quotes or a list of them");
                None
            }
        }
    }

    /// A list of whole numbers.
    pub(super) fn integers(&self, name: &str) -> Option<Vec<i64>> {
        let array = self.typed(name, "a list of whole numbers", as_array)?;
        let mut integers = Vec::new();
        for (index, item) in array.value.iter().enumerate() {
            let path = format!("{}[{index}]", array.path);
            let found = Found { value: (), at: item.span().start, path, findings: self.findings };
            match as_number(item.get_ref()) {
                Some(Some(Number::Integer(integer))) => integers.push(integer),
                _ => found.expected("a whole number", item.get_ref()),
            }
        }
        Some(integers)
    }

    pub(super) fn duration(&self, name: &str) -> Option<Found<'a, Duration>> {
        self.quantity(name, "a duration like `\"30s\"`", parse_duration)
    }

    pub(super) fn size(&self, name: &str) -> Option<Found<'a, u64>> {
        self.quantity(name, "a size like `\"10MB\"`", parse_size)
    }

    /// One of a closed set of words.
    pub(super) fn choice<T: Copy>(
        &self,
        name: &str,
        choices: &[(&str, T)],
    ) -> Option<Found<'a, T>> {
        let found = self.text(name)?;
        if let Some((_, value)) = choices.iter().find(|(word, _)| *word == found.value) {
            return Some(found.replace(*value));
        }
        let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        found.error(
            format!("`{}` is not one of the choices", found.value),
            did_you_mean(found.value, &words),
        );
        None
    }

    fn quantity<T>(
        &self,
        name: &str,
        wanted: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<Found<'a, T>> {
        let found = self.typed(name, wanted, as_text)?;
        match parse(found.value) {
            Ok(value) => Some(found.replace(value)),
            Err(what) => {
                found.error(what, format!("write {wanted}"));
                None
            }
        }
    }

    fn number_or(&self, name: &str, wanted: &str) -> Option<Found<'a, Number>> {
        let found = self.typed(name, wanted, as_number)?;
        let number = found.value;
        if number.is_none() {
            found.error("is out of range", "write a number that fits into 64 bits");
        }
        number.map(|number| found.replace(number))
    }

    fn typed<T>(
        &self,
        name: &str,
        wanted: &str,
        take: impl FnOnce(&'a DeValue<'a>) -> Option<T>,
    ) -> Option<Found<'a, T>> {
        let value = self.table.get(name)?;
        let (at, path) = (value.span().start, self.key(name));
        let found = Found { value: (), at, path, findings: self.findings };
        let taken = take(value.get_ref());
        if taken.is_none() {
            found.expected(wanted, value.get_ref());
        }
        taken.map(|taken| found.replace(taken))
    }

    fn section(&self, found: Found<'a, &'a DeTable<'a>>) -> Section<'a> {
        let Found { value: table, at, path, .. } = found;
        Section { path, table, at, findings: self.findings }
    }
}

fn join(path: &str, name: &str) -> String {
    let bare = !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    let name = if bare { name.to_owned() } else { format!("{name:?}") };
    if path.is_empty() { name } else { format!("{path}.{name}") }
}
