//! The query as it is asked: its rows as JSON, with their keys.

use dosd_actors::witness::Unreadable;

/// A query that somebody wrote, and its key columns.
#[derive(Debug, Clone)]
pub(super) struct Query {
    text: String,
    key: Vec<String>,
}

impl Query {
    pub(super) fn new(text: &str, key: Vec<String>) -> Self {
        let text = text.trim_end().trim_end_matches(';').to_owned();
        Self { text, key }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn key(&self) -> &[String] {
        &self.key
    }

    /// Around the query, whose columns these are: each row as JSON, then its key columns as
    /// text.
    pub(super) fn wrapped(&self, columns: &[&str]) -> Result<String, Unreadable> {
        let mut sorted = columns.to_vec();
        sorted.sort_unstable();
        if let Some([twice, _]) = sorted.array_windows().find(|[one, next]| one == next) {
            return Err(Unreadable::new(format!(
                "the query has two columns `{twice}`: name them apart with `as`"
            )));
        }
        if let Some(missing) = self.key.iter().find(|key| !columns.contains(&key.as_str())) {
            return Err(Unreadable::new(format!(
                "the query has no column `{missing}`, which is to be the key; it has: {}",
                columns.join(", ")
            )));
        }
        // A column of that name would be taken for the row.
        let mut row = "entity".to_owned();
        while columns.contains(&row.as_str()) {
            row.push('_');
        }
        let mut key = String::new();
        for column in &self.key {
            key.extend([", ", &row, ".", &quoted(column), "::text"]);
        }
        // The query may end with a comment.
        Ok(format!("select row_to_json({row})::text{key} from ({}\n) as {row}", self.text))
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::Query;

    #[test]
    fn names_are_quoted_and_told_apart() {
        let query = Query::new("select 1 -- ;\n; ", vec!["a\"b".into(), "entity".into()]);
        let wrapped = query.wrapped(&["entity", "a\"b"]).unwrap();
        let wanted = "select row_to_json(entity_)::text, entity_.\"a\"\"b\"::text, \
            entity_.\"entity\"::text from (select 1 -- ;\n\n) as entity_";
        assert_eq!(wrapped, wanted);
        let error = query.wrapped(&["a\"b", "x"]).unwrap_err().to_string();
        assert!(error.contains("no column `entity`") && error.contains("a\"b, x"), "{error}");
        let twice = query.wrapped(&["x", "entity", "a\"b", "x"]).unwrap_err().to_string();
        assert!(twice.contains("two columns `x`"), "{twice}");
    }
}
