//! Where a drain sends events, by what was typed, by the environment, or by the workspace's `.env`. It
//! decides nothing about which ones.

use super::super::Failure;
use super::super::surroundings::Surroundings;
use crate::config::sink::{Otlp, Slack, SlackDestination, Statsd, StatsdAddress, Webhook};
use crate::config::{Exporter, Rotation, Secret, Sink, StartFrom};
use dosd_kernel::verdict::Severity;
use std::path::PathBuf;

/// The names that `--to` knows.
const KNOWN: [&str; 6] = ["null", "file", "statsd", "otlp", "slack", "webhook"];

/// A destination.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// It takes nothing: a look at what waits.
    Null,
    /// One was meant and is not named; what to do about it.
    Nameless(String),
    /// A sink, and where it is, for people.
    Sink(Box<Exporter>, String),
}

/// What was typed about a destination.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Typed {
    /// The file of `file` [default: `$DOS_EXPORT_FILE`]
    #[arg(long, value_name = "PATH")]
    path: Option<PathBuf>,
    /// The agent of `statsd` [default: `$DOS_STATSD_HOST`, else 127.0.0.1]
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    /// Its port [default: `$DOS_STATSD_PORT`, else 8125]
    #[arg(long, value_name = "PORT", allow_negative_numbers = true)]
    port: Option<i64>,
    /// The collector of `otlp` [default: `$DOS_OTLP_ENDPOINT`, else `$OTEL_EXPORTER_OTLP_ENDPOINT`, else localhost]
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
    /// Where `webhook` posts to, or an incoming webhook of `slack` [default: `$DOS_WEBHOOK_URL`]
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// The channel of `slack`, whose bot's token is in `$SLACK_BOT_TOKEN`
    #[arg(long, value_name = "CHANNEL")]
    channel: Option<String>,
}

impl Target {
    /// The destination of this name.
    ///
    /// # Errors
    ///
    /// When no destination is called so, this build leaves it out, or what was typed is none.
    pub(super) fn named(name: &str, typed: Typed, around: &Surroundings) -> Result<Self, Failure> {
        let found = match name {
            "null" => return Ok(Self::Null),
            "file" => file(typed, around),
            "statsd" => statsd(typed, around)?,
            "otlp" => Ok(otlp(typed, around)),
            "slack" => slack(typed, around),
            "webhook" => webhook(typed, around),
            _ => {
                return Err(Failure::Usage(format!(
                    "nothing is called `{name}` to export to; known are: {}\n  help: correct `--to`",
                    KNOWN.join(", ")
                )));
            }
        };
        if !crate::sinks::is_built(name) {
            return Err(Failure::Usage(format!(
                "`{name}` is not part of this build\n  help: build it with `--features {name}`"
            )));
        }
        Ok(match found {
            Ok((sink, place)) => Self::Sink(Box::new(exporter(name, sink)), place),
            Err(missing) => Self::Nameless(missing),
        })
    }
}

/// A sink and its place, or what is missing for one.
type Found = Result<(Sink, String), String>;

fn file(typed: Typed, around: &Surroundings) -> Found {
    let typed = typed.path.map(|path| path.display().to_string());
    let path = around.typed_or(typed, "DOS_EXPORT_FILE").ok_or(
        "no file is named: pass `--path`, or set DOS_EXPORT_FILE in the environment or in `.env`",
    )?;
    // Whoever reads the file also cuts it: it is not rotated here.
    let rotation = Rotation { max_bytes: u64::MAX, keep: 0 };
    Ok((Sink::File { path: PathBuf::from(&path), rotation }, format!("`{path}`")))
}

fn statsd(typed: Typed, around: &Surroundings) -> Result<Found, Failure> {
    let host = around.typed_or(typed.host, "DOS_STATSD_HOST");
    let port = around.typed_or(typed.port.map(|port| port.to_string()), "DOS_STATSD_PORT");
    let host = host.unwrap_or_else(|| "127.0.0.1".to_owned());
    let port = port.unwrap_or_else(|| "8125".to_owned());
    let number = port.trim().parse::<u16>().ok().filter(|port| *port > 0);
    let Some(number) = number else {
        return Err(Failure::Usage(format!(
            "`{port}` is no port\n  help: pass a number from 1 to 65535 as `--port`, or in DOS_STATSD_PORT"
        )));
    };
    let place = format!("{host}:{number}");
    let address = Some(StatsdAddress::Udp { host, port: number });
    Ok(Ok((Sink::Statsd(Statsd { address, ..Statsd::default() }), place)))
}

fn otlp(typed: Typed, around: &Surroundings) -> (Sink, String) {
    let endpoint = around
        .typed_or(typed.endpoint, "DOS_OTLP_ENDPOINT")
        .or_else(|| around.get("OTEL_EXPORTER_OTLP_ENDPOINT"));
    // Which port of this host depends on the protocol.
    let place = endpoint.as_deref().map_or_else(|| "the collector on localhost".to_owned(), shown);
    (Sink::Otlp(Otlp { endpoint, ..Otlp::default() }), place)
}

fn slack(typed: Typed, around: &Surroundings) -> Found {
    let destination = match (typed.url, around.get("SLACK_BOT_TOKEN"), typed.channel) {
        (Some(url), _, _) => SlackDestination::Webhook(given(url)),
        (None, Some(token), Some(channel)) => {
            SlackDestination::Bot { token: given(token), channel, api: None }
        }
        (None, _, _) => {
            return Err("no channel is named: pass `--channel` and set SLACK_BOT_TOKEN, or pass an incoming webhook as `--url`".to_owned());
        }
    };
    let slack = Slack {
        destination,
        group_wait: None,
        group_interval: None,
        repeat: None,
        timeout: None,
        status: false,
    };
    Ok((Sink::Slack(slack), "Slack".to_owned()))
}

fn webhook(typed: Typed, around: &Surroundings) -> Found {
    let url = around
        .typed_or(typed.url, "DOS_WEBHOOK_URL")
        .ok_or("no URL is named: pass `--url`, or set DOS_WEBHOOK_URL")?;
    let token = around.get("DOS_WEBHOOK_TOKEN").map(given);
    let place = shown(&url);
    let url = given(url);
    Ok((Sink::Webhook(Webhook { url, secrets: Vec::new(), token, timeout: None }), place))
}

fn exporter(name: &str, sink: Sink) -> Exporter {
    Exporter {
        name: name.to_owned(),
        sink,
        min_severity: Severity::Info,
        syscalls: None,
        from: StartFrom::Start,
    }
}

fn given(text: String) -> Secret {
    Secret::Given(dosd_network::Secret::new(text))
}

/// A URL as it may be printed.
fn shown(url: &str) -> String {
    url.parse().map_or_else(|_| "the URL".to_owned(), |url| dosd_network::place(&url))
}

#[cfg(test)]
mod tests {
    use super::{Surroundings, Target, Typed};

    fn around(variables: &'static [(&str, &str)], dot_env: &str) -> Surroundings {
        let get = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Surroundings::new(get, dot_env)
    }

    #[test]
    fn what_was_typed_wins_then_the_environment_then_the_file() {
        let place = |typed, around: &Surroundings| {
            let Ok(Target::Sink(_, place)) = Target::named("webhook", typed, around) else {
                panic!("no sink");
            };
            place
        };
        let typed = || Typed { url: Some("https://a/b?key=1".to_owned()), ..Typed::default() };
        let set = around(&[("DOS_WEBHOOK_URL", "https://c/")], "DOS_WEBHOOK_URL=https://d/");
        let unset = around(&[], "DOS_WEBHOOK_URL=https://d/");
        assert_eq!(place(typed(), &set), "https://a/b?…");
        assert_eq!(place(Typed::default(), &set), "https://c/");
        assert_eq!(place(Typed::default(), &unset), "https://d/");
    }

    #[test]
    fn what_is_missing_is_said() {
        let none = around(&[], "");
        for (name, word) in [("file", "--path"), ("slack", "SLACK_BOT_TOKEN"), ("webhook", "--url")]
        {
            let target = Target::named(name, Typed::default(), &none).unwrap();
            assert!(matches!(target, Target::Nameless(text) if text.contains(word)), "{name}");
        }
        let unknown = Target::named("kafka", Typed::default(), &none).unwrap_err().message();
        assert!(unknown.contains("null, file, statsd, otlp, slack, webhook"), "{unknown}");
        let port = Typed { port: Some(-1), ..Typed::default() };
        assert!(Target::named("statsd", port, &none).is_err());
    }
}
