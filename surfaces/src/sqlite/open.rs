//! Opening a database so that nothing can be done but read, and not for longer than there
//! is time.

use std::fs;
use std::path::{Path, absolute};
use std::time::Duration;

use dosd_actors::port::{Clock, SystemClock};
use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};

use crate::stop::Halt;

/// So many steps of SQLite's machine are made between two looks at the time: well below a
/// millisecond.
const PER_LOOK: i32 = 10_000;

/// A connection that ends by itself `within` this time, for rows of so many bytes at most.
pub(super) fn read_only(path: &Path, within: Duration, bytes: u64) -> Result<Connection, Halt> {
    // Not opened here: closing a database's file takes away the locks of all connections
    // of this process.
    if !fs::metadata(path)?.is_file() {
        return Err(Halt::broken("it is no regular file"));
    }
    // No name with a meaning of its own, like `:memory:`, and none that creates a file.
    let path = absolute(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut database = Connection::open_with_flags(path, flags)?;
    // SQLite counts whole milliseconds: it is to give up after the time is over, never before,
    // so that its end is what is told.
    let patience = within.saturating_add(Duration::from_millis(1));
    database.busy_timeout(patience.min(Duration::from_millis(i32::MAX as u64)))?;
    let clock = SystemClock::new();
    database.progress_handler(PER_LOOK, Some(move || clock.monotonic() >= within))?;
    // What the worker wrote into the schema is no reason to trust it.
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    // A misspelt column in double quotes is an error, and no text.
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    database.set_limit(Limit::SQLITE_LIMIT_LENGTH, i32::try_from(bytes).unwrap_or(i32::MAX))?;
    database.authorizer(Some(only_reading))?;
    Ok(database)
}

/// That the file ends with a whole page. Of a page that was cut off SQLite takes the rest for
/// zeros, which would be other values.
pub(super) fn check_length(database: &Connection, path: &Path) -> Result<(), Halt> {
    let page: u32 = database.query_row("PRAGMA page_size", [], |row| row.get(0))?;
    if fs::metadata(path)?.len().is_multiple_of(page.max(1).into()) {
        return Ok(());
    }
    Err(Halt::broken("it is cut off: its last page is not whole"))
}

/// Statements that do anything but read are refused.
#[expect(clippy::wildcard_enum_match_arm, reason = "whatever else there may be is no reading")]
fn only_reading(context: AuthContext<'_>) -> Authorization {
    match context.action {
        AuthAction::Select
        | AuthAction::Read { .. }
        | AuthAction::Function { .. }
        | AuthAction::Recursive
        // Of the surface itself: what it is given is never run unless it selects rows.
        | AuthAction::Transaction { .. }
        | AuthAction::Pragma { pragma_name: "page_size", pragma_value: None } => {
            Authorization::Allow
        }
        _ => Authorization::Deny,
    }
}
