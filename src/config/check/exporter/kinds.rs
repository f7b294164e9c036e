//! The kinds of sinks, each with its own keys.

use crate::config::check::dosd::not_zero;
use crate::config::check::paths;
use crate::config::check::secret::{self, InFile};
use crate::config::section::{Found, Section};
use crate::config::sink::{
    Otlp, OtlpProtocol, OtlpSignal, Sink, Slack, SlackDestination, Statsd, StatsdAddress,
    StatsdTags, Webhook,
};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

/// The keys of a kind, beside those that all have.
pub(super) fn keys(kind: &str) -> &'static [&'static str] {
    match kind {
        "file" => &["path", "max_size", "keep"],
        "otlp" => &[
            "endpoint",
            "protocol",
            "compression",
            "headers",
            "headers_env",
            "timeout",
            "signals",
            "service_name",
            "ca_file",
        ],
        "statsd" => &["address", "socket", "prefix", "tags", "interval"],
        "slack" => &[
            "url",
            "url_env",
            "url_file",
            "token",
            "token_env",
            "token_file",
            "channel",
            "api",
            "group_wait",
            "group_interval",
            "repeat",
            "status",
            "timeout",
        ],
        "webhook" => &[
            "url",
            "url_env",
            "url_file",
            "secret",
            "secret_env",
            "secret_file",
            "token",
            "token_env",
            "token_file",
            "timeout",
        ],
        _ => &[],
    }
}

/// A sink on the network, if its keys allow one.
pub(super) fn network_sink(entry: &Section<'_>, kind: &str) -> Option<Sink> {
    match kind {
        "otlp" => otlp(entry).map(Sink::Otlp),
        "statsd" => statsd(entry).map(Sink::Statsd),
        "slack" => slack(entry).map(Sink::Slack),
        "webhook" => webhook(entry).map(Sink::Webhook),
        _ => None,
    }
}

fn otlp(entry: &Section<'_>) -> Option<Otlp> {
    let endpoint = optional_url(entry, "endpoint");
    let protocols = [("http/protobuf", OtlpProtocol::HttpProtobuf), ("grpc", OtlpProtocol::Grpc)];
    let protocol = entry.choice("protocol", &protocols);
    let gzip = entry.choice("compression", &[("gzip", true), ("none", false)]);
    let name = entry.text("service_name").filter(|name| not_blank(name));
    Some(Otlp {
        endpoint: endpoint?,
        protocol: protocol.map(|it| it.value),
        gzip: gzip.map(|it| it.value),
        headers: secret::headers(entry),
        timeout: patience(entry),
        signals: signals(entry),
        service_name: name.map(|name| name.value.to_owned()),
        ca_file: paths::path(entry, "ca_file"),
    })
}

fn signals(entry: &Section<'_>) -> Option<BTreeSet<OtlpSignal>> {
    const HELP: &str = "name `logs`, `traces` or both, or remove the key for both";
    let list = entry.texts("signals")?;
    let mut signals = BTreeSet::new();
    for word in &list.value {
        match word.value {
            "logs" => drop(signals.insert(OtlpSignal::Logs)),
            "traces" => drop(signals.insert(OtlpSignal::Traces)),
            _ => word.error(format!("`{}` is no signal", word.value.escape_debug()), HELP),
        }
    }
    if list.value.is_empty() {
        list.error("is empty, so nothing would be sent", HELP);
    }
    (!signals.is_empty()).then_some(signals)
}

fn statsd(entry: &Section<'_>) -> Option<Statsd> {
    let address = match (entry.text("address"), entry.has("socket")) {
        (Some(address), true) => {
            address.error("stands beside `socket`", "remove one of the two");
            return None;
        }
        (Some(address), false) => Some(udp(&address)?),
        (None, true) => Some(StatsdAddress::Socket(paths::path(entry, "socket")?)),
        (None, false) => None,
    };
    let prefix = entry.text("prefix").filter(|prefix| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        let is_name = !prefix.value.is_empty() && prefix.value.bytes().all(fits);
        if !is_name {
            let what = format!("`{}` is no beginning of a name", prefix.value.escape_debug());
            prefix.error(what, "use letters, digits, `_`, `-` and `.`");
        }
        is_name
    });
    let tags =
        entry.choice("tags", &[("dogstatsd", StatsdTags::DogStatsD), ("none", StatsdTags::None)]);
    let interval = entry.duration("interval").filter(|it| not_zero(it, "gauges would never rest"));
    Some(Statsd {
        address,
        prefix: prefix.map(|prefix| prefix.value.to_owned()),
        tags: tags.map(|it| it.value),
        interval: interval.map(|it| it.value),
    })
}

/// `host:port`; an IPv6 address stands in brackets.
fn udp(address: &Found<'_, &str>) -> Option<StatsdAddress> {
    let parts = address.value.rsplit_once(':').and_then(|(host, port)| {
        let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let is_plain = bare.is_some() || !host.contains(':');
        let host = bare.unwrap_or(host);
        let port: u16 = port.parse().ok().filter(|port| *port > 0)?;
        (is_plain && !host.trim().is_empty()).then(|| (host.to_owned(), port))
    });
    if parts.is_none() {
        let what = format!("`{}` is not a host and a port", address.value.escape_debug());
        address.error(what, "write it like `127.0.0.1:8125` or `[::1]:8125`");
    }
    parts.map(|(host, port)| StatsdAddress::Udp { host, port })
}

fn slack(entry: &Section<'_>) -> Option<Slack> {
    let is_there = |key: &str| secret::names(key).iter().any(|name| entry.has(name));
    let destination = if is_there("token") {
        if is_there("url") {
            if let Some(url) = secret::names("url").iter().find_map(|name| entry.text(name)) {
                url.error("stands beside a token", "keep the webhook or the bot, not both");
            }
            return None;
        }
        let token = secret::required(entry, "token", InFile::Refused);
        if !entry.has("channel") {
            entry.missing("channel", "name the channel, best by its id, like `C0123456789`");
        }
        let channel = entry.text("channel").filter(|channel| not_blank(channel));
        let api = optional_url(entry, "api");
        SlackDestination::Bot { token: token?, channel: channel?.value.to_owned(), api: api? }
    } else {
        for key in ["channel", "api"] {
            if let Some(found) = entry.text(key) {
                found.error("is for a bot", "name the bot's token in `token_env`, or remove it");
            }
        }
        SlackDestination::Webhook(secret::required(entry, "url", InFile::Refused)?)
    };
    let status = entry.boolean("status");
    if let Some(status) = status.as_ref().filter(|status| status.value)
        && matches!(destination, SlackDestination::Webhook(_))
    {
        status.error(
            "needs a bot: what a webhook posted cannot be edited",
            "use `token_env` and `channel`, or remove it",
        );
    }
    let long = |key| entry.duration(key).map(|it| it.value);
    Some(Slack {
        destination,
        group_wait: long("group_wait"),
        group_interval: long("group_interval"),
        repeat: long("repeat"),
        timeout: patience(entry),
        status: status.is_some_and(|it| it.value),
    })
}

fn webhook(entry: &Section<'_>) -> Option<Webhook> {
    let is_url = !entry.has("url") || optional_url(entry, "url").is_some();
    let url = secret::required(entry, "url", InFile::Allowed);
    Some(Webhook {
        secrets: secret::several(entry, "secret"),
        token: secret::optional(entry, "token", InFile::Refused),
        timeout: patience(entry),
        url: url.filter(|_| is_url)?,
    })
}

/// A URL, if there is one; nothing when what is there is none.
#[expect(clippy::option_option, reason = "absent is fine, wrong is not")]
fn optional_url(entry: &Section<'_>, key: &str) -> Option<Option<String>> {
    if !entry.has(key) {
        return Some(None);
    }
    let text = entry.text(key)?;
    let is_web = |url: &url::Url| matches!(url.scheme(), "http" | "https") && url.has_host();
    if !text.value.parse().is_ok_and(|url| is_web(&url)) {
        text.error("is not an `http` or `https` URL", "write it with its scheme and host");
        return None;
    }
    Some(Some(text.value.to_owned()))
}

fn patience(entry: &Section<'_>) -> Option<Duration> {
    let timeout = entry.duration("timeout");
    timeout.filter(|it| not_zero(it, "no request would end in time")).map(|it| it.value)
}

fn not_blank(text: &Found<'_, &str>) -> bool {
    let is_blank = text.value.trim().is_empty();
    if is_blank {
        text.error("is empty", "write it, or remove the key");
    }
    !is_blank
}

/// A file of rows, which no journal and no other exporter writes to.
pub(super) fn file(entry: &Section<'_>, taken: &mut BTreeSet<PathBuf>) -> Option<PathBuf> {
    let path = paths::required(entry, "name the file that the events go to")?;
    if !taken.insert(super::tidy(&path)) {
        if let Some(found) = entry.text("path") {
            found.error(
                "is the file of a journal or of another exporter",
                "give the exporter a file of its own",
            );
        }
        return None;
    }
    Some(path)
}
