//! What the environment and the configuration decide together.

use std::collections::BTreeMap;

use super::*;

fn resolve(
    settings: OtlpSettings,
    variables: &[(&str, &str)],
) -> Result<OtlpConfig, OtlpConfigError> {
    let variables: BTreeMap<&str, &str> = variables.iter().copied().collect();
    let read = |path: &str| match path {
        "/etc/ca.pem" => Ok(b"pem".to_vec()),
        _ => Err("no such file".to_owned()),
    };
    settings.resolve(&|name| variables.get(name).map(|text| (*text).to_owned()), &read)
}

fn logs(variables: &[(&str, &str)]) -> OtlpReceiver {
    resolve(OtlpSettings::default(), variables).unwrap().logs.unwrap()
}

fn traces(variables: &[(&str, &str)]) -> OtlpReceiver {
    resolve(OtlpSettings::default(), variables).unwrap().traces.unwrap()
}

#[test]
fn nothing_said_means_a_collector_on_this_machine() {
    let config = resolve(OtlpSettings::default(), &[("OTEL_EXPORTER_OTLP_ENDPOINT", " ")]).unwrap();
    let receiver = |url: &str| OtlpReceiver::at(OtlpProtocol::HttpProtobuf, url.parse().unwrap());
    assert_eq!(config.logs, Some(receiver("http://localhost:4318/v1/logs")));
    assert_eq!(config.traces, Some(receiver("http://localhost:4318/v1/traces")));
    assert_eq!(config.resource, OtlpResource::default());
    let grpc = logs(&[("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")]);
    assert_eq!(grpc.endpoint.as_str(), "http://localhost:4317/");
}

#[test]
fn an_endpoint_for_all_is_added_to_and_one_for_a_signal_is_not() {
    for (endpoint, url) in [
        ("http://c:4318", "http://c:4318/v1/logs"),
        ("https://c/otlp/", "https://c/otlp/v1/logs"),
        ("http://c/a?tenant=x", "http://c/a/v1/logs?tenant=x"),
    ] {
        let found = logs(&[("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)]);
        assert_eq!(found.endpoint.as_str(), url);
    }
    let both = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"),
        ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://loki:3100/otlp"),
    ];
    assert_eq!(logs(&both).endpoint.as_str(), "http://loki:3100/otlp");
    assert_eq!(traces(&both).endpoint.as_str(), "http://c:4318/v1/traces");
}

#[test]
fn the_configuration_wins_over_the_signals_variable_and_that_over_the_one_for_all() {
    let variables = [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        ("OTEL_EXPORTER_OTLP_LOGS_COMPRESSION", "none"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "2500"),
        ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "700"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=a%2Cb,x=1"),
        ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "api-key=t"),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/etc/ca.pem"),
        ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://elsewhere:1"),
    ];
    let secret = |key: &str, value: &str| (key.to_owned(), Secret::new(value));
    let found = logs(&variables);
    assert_eq!(found.protocol, OtlpProtocol::Grpc);
    assert_eq!(found.compression, OtlpCompression::None);
    assert_eq!(found.timeout, Duration::from_millis(2500));
    assert_eq!(found.headers, [secret("api-key", "a,b"), secret("x", "1")]);
    assert_eq!(found.certificate.as_deref(), Some(&b"pem"[..]));
    let found = traces(&variables);
    assert_eq!(found.compression, OtlpCompression::Gzip);
    assert_eq!(found.timeout, Duration::from_millis(700));
    assert_eq!(found.headers, [secret("api-key", "t")]);

    let settings = OtlpSettings {
        signals: vec![OtlpSignal::Logs],
        protocol: Some(OtlpProtocol::HttpProtobuf),
        endpoint: Some("https://vendor".to_owned()),
        compression: Some(OtlpCompression::Gzip),
        headers: vec![secret("authorization", "Bearer x")],
        timeout: Some(Duration::from_secs(3)),
        certificate: Some(b"mine".to_vec()),
        ..OtlpSettings::default()
    };
    let config = resolve(settings.clone(), &variables).unwrap();
    let expected = OtlpReceiver {
        protocol: OtlpProtocol::HttpProtobuf,
        endpoint: "https://vendor/v1/logs".parse().unwrap(),
        compression: OtlpCompression::Gzip,
        headers: settings.headers,
        timeout: Duration::from_secs(3),
        certificate: settings.certificate,
    };
    assert_eq!((config.logs, config.traces), (Some(expected), None));
}

#[test]
fn a_grpc_endpoint_without_a_scheme_is_secure_unless_somebody_says_otherwise() {
    let of = |endpoint: &str, insecure: &str| {
        let variables = [
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint),
            ("OTEL_EXPORTER_OTLP_INSECURE", insecure),
        ];
        logs(&variables).endpoint.to_string()
    };
    assert_eq!(of("c:4317", ""), "https://c:4317/");
    assert_eq!(of("c:4317", "False"), "https://c:4317/");
    assert_eq!(of("c:4317", "true"), "http://c:4317/");
    assert_eq!(of("https://c:4317", "true"), "https://c:4317/", "the scheme decides");
}

#[test]
fn the_service_and_its_resource_can_be_named() {
    let of =
        |variables: &[(&str, &str)]| resolve(OtlpSettings::default(), variables).unwrap().resource;
    let attributes =
        ("OTEL_RESOURCE_ATTRIBUTES", "service.name=a,deployment.environment.name=b%20c");
    let resource = of(&[attributes]);
    assert_eq!(resource.service_name, "a");
    assert_eq!(resource.more, [("deployment.environment.name".to_owned(), "b c".to_owned())]);
    assert_eq!(of(&[attributes, ("OTEL_SERVICE_NAME", "n")]).service_name, "n");
    let settings =
        OtlpSettings { service_name: Some("mine".to_owned()), ..OtlpSettings::default() };
    assert_eq!(resolve(settings, &[attributes]).unwrap().resource.service_name, "mine");
}

#[test]
fn each_mistake_names_its_variable_and_no_secret() {
    const GRPC: (&str, &str) = ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
    const OTHER: (&str, &str) = ("OTEL_SERVICE_NAME", "x");
    for (around, name, value) in [
        (OTHER, "OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
        (OTHER, "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "s3cret"),
        (OTHER, "OTEL_EXPORTER_OTLP_COMPRESSION", "zstd"),
        (OTHER, "OTEL_EXPORTER_OTLP_TIMEOUT", "10s"),
        (OTHER, "OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", "0"),
        (OTHER, "OTEL_EXPORTER_OTLP_TIMEOUT", "-1"),
        (OTHER, "OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
        (OTHER, "OTEL_EXPORTER_OTLP_ENDPOINT", "ftp://user:s3cret@host"),
        (OTHER, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://user:s3cret@"),
        (OTHER, "OTEL_EXPORTER_OTLP_HEADERS", "s3cret"),
        (OTHER, "OTEL_EXPORTER_OTLP_HEADERS", "a=s3cret%0A"),
        (OTHER, "OTEL_EXPORTER_OTLP_HEADERS", "a b=s3cret"),
        (OTHER, "OTEL_EXPORTER_OTLP_CERTIFICATE", "/nowhere"),
        (OTHER, "OTEL_RESOURCE_ATTRIBUTES", "service.name"),
        (GRPC, "OTEL_EXPORTER_OTLP_INSECURE", "yes"),
        (GRPC, "OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4317/v1/logs"),
        (GRPC, "OTEL_EXPORTER_OTLP_ENDPOINT", "http://user:s3cret@c:4317"),
        (GRPC, "OTEL_EXPORTER_OTLP_HEADERS", "a-bin=s3cret"),
        (GRPC, "OTEL_EXPORTER_OTLP_HEADERS", "a=s3cret%C3%A9"),
    ] {
        let mut variables = vec![around, (name, value)];
        if name.ends_with("INSECURE") {
            variables.push(("OTEL_EXPORTER_OTLP_ENDPOINT", "c:4317"));
        }
        let error = resolve(OtlpSettings::default(), &variables).unwrap_err();
        assert_eq!(error.name, name, "{value}");
        let text = error.to_string();
        let is_leak = value != "s3cret" && text.contains("s3cret");
        assert!(!is_leak && text.contains("\n  help: "), "{text}");
    }
    let nothing = OtlpSettings { signals: Vec::new(), ..OtlpSettings::default() };
    assert_eq!(resolve(nothing, &[]).unwrap_err().name, "signals");
}

#[test]
fn nothing_secret_shows() {
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://user:s3cret@host/?token=s3cret"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=s3cret"),
    ];
    let shown = format!("{:?}", resolve(OtlpSettings::default(), &variables).unwrap());
    assert!(!shown.contains("s3cret"), "{shown}");
}
