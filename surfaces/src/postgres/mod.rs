//! Rows of a PostgreSQL database.

mod exact;
mod hosts;
mod query;

use dosd_actors::witness::{Entities, Surface, Unreadable};
use dosd_kernel::evidence::Accountability;
use dosd_network::{Names, Trust, chain};
use futures_util::{TryStreamExt as _, pin_mut};
use serde_json::Value;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Column, Config, IsolationLevel, Row};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::network::{Conversation, tls_config};
use crate::{Identity, Secret};
use query::Query;

/// What is printed in another way by another setting, and would look like a change.
const PRINT_ALIKE: &str = "set local timezone = 'UTC'; set local datestyle = 'ISO, YMD'; \
    set local intervalstyle = 'postgres'; set local extra_float_digits = 1; \
    set local bytea_output = 'hex'; set local lc_monetary = 'C'";

/// The rows that a query gives, each as a JSON object of its columns.
///
/// An entity's key is the text of its key columns, joined with `/`. All rows are of one
/// moment: one transaction, `REPEATABLE READ, READ ONLY`, over a connection of its own. The
/// server writes the JSON itself (`row_to_json`), so a column may have any type; a number
/// that a double cannot hold exactly becomes a text. Rows are taken as they come.
///
/// TLS is used as `sslmode` in the URL says: `prefer` when nothing does, `require`, or
/// `disable`. A certificate is always checked; `SSL_CERT_FILE` names the authority of one's
/// own servers.
#[derive(Debug)]
pub struct Postgres {
    identity: Identity,
    config: Config,
    query: Query,
}

/// Why something is no such surface. The URL is not named, because it holds a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PostgresError {
    /// The URL is none.
    #[error(
        "the URL of the database is not understood: `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, \
         with options like `sslmode` (disable, prefer, require) after a `?`"
    )]
    Url,
    /// No key column is named.
    #[error("`key` names no column")]
    NoKey,
}

fn parse(url: &Secret) -> Result<Config, PostgresError> {
    // The parser's own words may repeat a part of it.
    let config: Config = url.expose().parse().map_err(|_| PostgresError::Url)?;
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        return Err(PostgresError::Url);
    }
    Ok(config)
}

impl Postgres {
    /// The rows of a query in the database behind a URL, by these columns.
    ///
    /// # Errors
    /// [`PostgresError`].
    pub fn new(
        identity: Identity,
        url: &Secret,
        query: &str,
        key: Vec<String>,
    ) -> Result<Self, PostgresError> {
        let mut config = parse(url)?;
        if config.get_application_name().is_none() {
            config.application_name("dosd");
        }
        if key.is_empty() {
            return Err(PostgresError::NoKey);
        }
        Ok(Self { identity, config, query: Query::new(query, key) })
    }

    /// Whether [`Postgres::new`] understands a URL.
    ///
    /// # Errors
    /// [`PostgresError::Url`].
    pub fn check_url(url: &Secret) -> Result<(), PostgresError> {
        parse(url).map(|_| ())
    }

    async fn connect(&self) -> Result<(Client, tokio::task::JoinHandle<()>), Unreadable> {
        let is_plain = self.config.get_ssl_mode() == SslMode::Disable;
        let tls = tls_config(if is_plain { Trust::Nobody } else { Trust::Authorities })?;
        let located = hosts::located(&self.config, &Names::default()).await;
        let config = located.map_err(|cause| Unreadable::new(format!("the database: {cause}")))?;
        let connected = config.connect(MakeRustlsConnect::new(tls)).await;
        let (client, connection) = connected.map_err(|error| failed(&error))?;
        let connection = tokio::spawn(async move {
            // Whoever waits for an answer learns how it ended.
            let _ = connection.await;
        });
        Ok((client, connection))
    }

    async fn read_rows(
        &self,
        client: &mut Client,
        into: &mut dyn Entities,
    ) -> Result<(), Unreadable> {
        let failed = |error: tokio_postgres::Error| failed(&error);
        let builder = client.build_transaction().read_only(true);
        let builder = builder.isolation_level(IsolationLevel::RepeatableRead);
        let transaction = builder.start().await.map_err(failed)?;
        // The server gives up, too, should it not notice that nobody listens any more.
        let patience = into.time_left().as_millis().clamp(1, i32::MAX.unsigned_abs().into());
        let settings = format!("{PRINT_ALIKE}; set local statement_timeout = {patience}");
        transaction.batch_execute(&settings).await.map_err(failed)?;
        let plain = transaction.prepare(self.query.text()).await.map_err(failed)?;
        let columns: Vec<&str> = plain.columns().iter().map(Column::name).collect();
        let wrapped = self.query.wrapped(&columns)?;
        let parameters: [&str; 0] = [];
        let rows = transaction.query_raw(&wrapped, parameters).await.map_err(failed)?;
        pin_mut!(rows);
        while let Some(row) = rows.try_next().await.map_err(failed)? {
            let (key, value) = self.entity(&row)?;
            into.entity(&key, value)?;
        }
        Ok(())
    }

    fn entity(&self, row: &Row) -> Result<(String, Value), Unreadable> {
        let odd = |error: tokio_postgres::Error| failed(&error);
        let mut key = String::new();
        for (at, column) in self.query.key().iter().enumerate() {
            let part: Option<&str> = row.try_get(at + 1).map_err(odd)?;
            let part = part.ok_or_else(|| {
                Unreadable::new(format!("the key column `{column}` is null in one of the rows"))
            })?;
            if at > 0 {
                key.push('/');
            }
            key.push_str(part);
        }
        let text: &str = row.try_get(0).map_err(odd)?;
        let value = serde_json::from_str(&exact::numbers(text));
        value.map(|value| (key.clone(), value)).map_err(|error| {
            Unreadable::new(format!("the row `{key}` is no JSON that can be read: {error}"))
        })
    }
}

impl Surface for Postgres {
    fn name(&self) -> &str {
        &self.identity.name
    }

    fn kind(&self) -> &'static str {
        "postgres"
    }

    fn accountability(&self) -> Accountability {
        self.identity.accountability
    }

    fn read(&self, into: &mut dyn Entities) -> Result<(), Unreadable> {
        let talk = Conversation::new(into.time_left())?;
        let read = async {
            let (mut client, connection) = self.connect().await?;
            self.read_rows(&mut client, into).await?;
            // Says goodbye; the transaction ends with the connection.
            drop(client);
            let _ = connection.await;
            Ok(())
        };
        talk.wait(read).map_err(|late| Unreadable::new(late.to_string()))?
    }
}

/// What the server or the way to it says, and what to do about it.
fn failed(error: &tokio_postgres::Error) -> Unreadable {
    let said = chain(error);
    let help = if error.code() == Some(&SqlState::QUERY_CANCELED) {
        " (raise `timeout`, or ask for less)"
    } else if said.contains("certificate") {
        " (name its authority with `SSL_CERT_FILE`, or add `sslmode=disable` to the URL on a \
         network that you trust)"
    } else {
        ""
    };
    Unreadable::new(format!("the database: {said}{help}"))
}
