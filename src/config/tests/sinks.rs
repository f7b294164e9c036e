//! `[[dosd.exporter]]`: the sinks on the network.

use super::{good, the_error};
use crate::config::Secret;
use crate::config::sink::{
    Otlp, OtlpProtocol, OtlpSignal, Sink, Slack, SlackDestination, Statsd, StatsdAddress,
    StatsdTags, Webhook,
};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

fn entry(kind: &str, lines: &str) -> String {
    format!("[[dosd.exporter]]\nkind = \"{kind}\"\nname = \"a\"\n{lines}\n")
}

fn sink(kind: &str, lines: &str) -> Sink {
    good(&entry(kind, lines)).exporters.remove(0).sink
}

fn variable(name: &str) -> Secret {
    Secret::Environment(name.to_owned())
}

#[test]
fn a_webhook_is_read_with_its_secrets_in_order() {
    let lines = "url = \"https://host/path\"\nsecret_env = [\"NEW\", \"OLD\"]\nsecret_file = \"key\"\n\
        token_env = \"TOKEN\"\ntimeout = \"3s\"";
    let webhook = Webhook {
        url: Secret::Plain("https://host/path".to_owned()),
        secrets: vec![variable("NEW"), variable("OLD"), Secret::File("key".into())],
        token: Some(variable("TOKEN")),
        timeout: Some(Duration::from_secs(3)),
    };
    assert_eq!(sink("webhook", lines), Sink::Webhook(webhook));
}

#[test]
fn an_otlp_sink_needs_no_key_and_takes_them_all() {
    assert_eq!(sink("otlp", ""), Sink::Otlp(Otlp::default()));
    let lines = "endpoint = \"http://collector:4317\"\nprotocol = \"grpc\"\ncompression = \"gzip\"\n\
        timeout = \"1s\"\nsignals = [\"traces\"]\nservice_name = \"fleet\"\nca_file = \"ca.pem\"\n\
        headers = { X-Team = \"a\" }\nheaders_env = { Authorization = \"AUTH\" }";
    let otlp = Otlp {
        endpoint: Some("http://collector:4317".to_owned()),
        protocol: Some(OtlpProtocol::Grpc),
        gzip: Some(true),
        headers: BTreeMap::from([
            ("x-team".to_owned(), Secret::Plain("a".to_owned())),
            ("authorization".to_owned(), variable("AUTH")),
        ]),
        timeout: Some(Duration::from_secs(1)),
        signals: Some(BTreeSet::from([OtlpSignal::Traces])),
        service_name: Some("fleet".to_owned()),
        ca_file: Some("ca.pem".into()),
    };
    assert_eq!(sink("otlp", lines), Sink::Otlp(otlp));
}

#[test]
fn a_statsd_sink_knows_both_kinds_of_sockets() {
    assert_eq!(sink("statsd", ""), Sink::Statsd(Statsd::default()));
    let udp = |host: &str, port| Some(StatsdAddress::Udp { host: host.to_owned(), port });
    for (lines, address) in [
        ("address = \"agent:9125\"", udp("agent", 9125)),
        ("address = \"[::1]:8125\"", udp("::1", 8125)),
        ("socket = \"run/dsd.socket\"", Some(StatsdAddress::Socket("run/dsd.socket".into()))),
    ] {
        let statsd = Statsd { address, ..Statsd::default() };
        assert_eq!(sink("statsd", lines), Sink::Statsd(statsd));
    }
    let lines = "prefix = \"team.dos\"\ntags = \"none\"\ninterval = \"5s\"";
    let statsd = Statsd {
        prefix: Some("team.dos".to_owned()),
        tags: Some(StatsdTags::None),
        interval: Some(Duration::from_secs(5)),
        ..Statsd::default()
    };
    assert_eq!(sink("statsd", lines), Sink::Statsd(statsd));
}

#[test]
fn slack_is_a_webhook_or_a_bot() {
    let slack = |destination, status| {
        Sink::Slack(Slack {
            destination,
            group_wait: None,
            group_interval: None,
            repeat: None,
            timeout: None,
            status,
        })
    };
    let webhook = SlackDestination::Webhook(variable("HOOK"));
    assert_eq!(sink("slack", "url_env = \"HOOK\""), slack(webhook, false));
    let bot = SlackDestination::Bot {
        token: variable("BOT"),
        channel: "C01".to_owned(),
        api: Some("http://127.0.0.1:1/api/".to_owned()),
    };
    let lines = "token_env = \"BOT\"\nchannel = \"C01\"\nstatus = true\n\
        api = \"http://127.0.0.1:1/api/\"";
    assert_eq!(sink("slack", lines), slack(bot, true));
}

#[test]
fn what_does_not_fit_is_said_with_its_place() {
    for (kind, lines, expected) in [
        ("webhook", "", "1:1: key `dosd.exporter[0].url`: is missing"),
        ("webhook", "url = \"host\"", "4:7: key `dosd.exporter[0].url`: is not an `http`"),
        (
            "webhook",
            "url = \"https://u:p@host/\"",
            "4:7: key `dosd.exporter[0].url`: holds a password",
        ),
        (
            "webhook",
            "url = \"https://host/\"\nsecret = \"whsec_x\"",
            "5:10: key `dosd.exporter[0].secret`: is secret",
        ),
        (
            "webhook",
            "url_env = \"A\"\nurl_file = \"b\"",
            "5:12: key `dosd.exporter[0].url_file`: stands beside `url_env`",
        ),
        (
            "webhook",
            "url = \"https://host/\"\ntimeout = \"0s\"",
            "5:11: key `dosd.exporter[0].timeout`: must not be zero",
        ),
        (
            "webhook",
            "url = \"https://host/\"\npath = \"x\"",
            "5:1: key `dosd.exporter[0].path`: is not a known key",
        ),
        ("otlp", "protocol = \"http\"", "4:12: key `dosd.exporter[0].protocol`: `http` is not one"),
        ("otlp", "signals = []", "4:11: key `dosd.exporter[0].signals`: is empty"),
        ("otlp", "signals = [\"metrics\"]", "4:12: key `dosd.exporter[0].signals[0]`: `metrics`"),
        (
            "statsd",
            "address = \"8125\"",
            "4:11: key `dosd.exporter[0].address`: `8125` is not a host",
        ),
        ("statsd", "address = \"::1:8125\"", "4:11: key `dosd.exporter[0].address`: `::1:8125`"),
        (
            "statsd",
            "address = \"a:1\"\nsocket = \"b\"",
            "4:11: key `dosd.exporter[0].address`: stands beside `socket`",
        ),
        (
            "statsd",
            "prefix = \"a|b\"",
            "4:10: key `dosd.exporter[0].prefix`: `a|b` is no beginning",
        ),
        ("slack", "", "1:1: key `dosd.exporter[0].url_env`: is missing"),
        (
            "slack",
            "url = \"https://hooks.slack.com/services/T/B/x\"",
            "4:7: key `dosd.exporter[0].url`: is secret",
        ),
        ("slack", "token_env = \"B\"", "1:1: key `dosd.exporter[0].channel`: is missing"),
        (
            "slack",
            "url_env = \"A\"\nchannel = \"b\"",
            "5:11: key `dosd.exporter[0].channel`: is for a bot",
        ),
        (
            "slack",
            "url_env = \"A\"\nstatus = true",
            "5:10: key `dosd.exporter[0].status`: needs a bot",
        ),
        (
            "slack",
            "token_env = \"A\"\nurl_env = \"B\"\nchannel = \"c\"",
            "5:11: key `dosd.exporter[0].url_env`: stands beside a token",
        ),
    ] {
        let error = the_error(&entry(kind, lines));
        assert!(error.starts_with(expected), "{kind} {lines}\n{error}");
    }
}
