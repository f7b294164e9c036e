//! A SQLite database: the rows of a table or of a query.

mod open;
mod row;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;

use dosd_actors::witness::{Entities, Surface, Unreadable};
use dosd_kernel::evidence::Accountability;

use crate::Identity;
use crate::stop::Halt;
use row::Columns;

/// The rows of a database file.
///
/// They are read in one transaction, so that they have all been there at one moment,
/// whatever others write meanwhile. With a rollback journal writers wait for the end of the
/// read; with a write-ahead log they do not.
///
/// - A key is what is in the key columns, joined by `/`. Numbers are written as JSON writes
///   them, blobs in hexadecimal digits. A null is no key.
/// - A value is an object of all other columns. A blob is `{"blob": "<hexadecimal>"}`, and so
///   are a text that is no UTF-8, `{"text": ..}`, and an infinite number, `{"real": "inf"}`.
#[derive(Debug, Clone)]
pub struct Sqlite {
    /// Its name and rung.
    pub identity: Identity,
    /// The database file.
    pub path: PathBuf,
    /// Which rows.
    pub rows: Rows,
    /// The columns that make the key.
    pub key: Vec<String>,
}

/// Which rows of a database are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rows {
    /// Those of a table or of a view.
    Table(String),
    /// Those that a single statement selects, which can do nothing but read.
    Query(String),
}

impl Rows {
    fn sql(&self) -> String {
        match self {
            Self::Table(name) => format!("SELECT * FROM \"{}\"", name.replace('"', "\"\"")),
            Self::Query(sql) => sql.clone(),
        }
    }
}

impl Surface for Sqlite {
    fn name(&self) -> &str {
        &self.identity.name
    }

    fn kind(&self) -> &'static str {
        "sqlite"
    }

    fn accountability(&self) -> Accountability {
        self.identity.accountability
    }

    fn read(&self, into: &mut dyn Entities) -> Result<(), Unreadable> {
        let read = self.read_rows(into);
        // Interrupted, or waiting for a lock, because the time is over.
        let read = match read {
            Err(Halt::Broken(_)) => into.go_on().map_err(Halt::from).and(read),
            read => read,
        };
        read.map_err(|halt| halt.of(self.path.display()))
    }
}

impl Sqlite {
    fn read_rows(&self, into: &mut dyn Entities) -> Result<(), Halt> {
        let within = into.time_left().max(Duration::from_millis(1));
        let database = open::read_only(&self.path, within, into.bytes_left())?;
        // From here on the database does not change, its schema included.
        let transaction = database.unchecked_transaction()?;
        transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        open::check_length(&transaction, &self.path)?;
        let mut statement = transaction.prepare(&self.rows.sql())?;
        if statement.column_count() == 0 || !statement.readonly() {
            return Err(Halt::broken("the query is no statement that selects rows"));
        }
        let mut columns = Columns::of(&statement, &self.key)?;
        let mut rows = statement.query([])?;
        let mut number = 0_u64;
        while let Some(row) = rows.next()? {
            number += 1;
            columns.hand(row, number, into)?;
        }
        Ok(())
    }
}

impl From<rusqlite::Error> for Halt {
    fn from(error: rusqlite::Error) -> Self {
        Self::broken(error)
    }
}
