//! From what the configuration says and what the standard variables `OTEL_*` say to what is
//! done. Pure: the environment and the disk are looked up through functions.

#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use dosd_network::Secret;
use reqwest::header::{HeaderName, HeaderValue};
use url::Url;

use super::config::{
    DEFAULT_TIMEOUT, GRPC_ENDPOINT, HTTP_ENDPOINT, OtlpCompression, OtlpConfig, OtlpProtocol,
    OtlpReceiver,
};
use super::header_list::pairs;
use super::resource::OtlpResource;
use super::signal::OtlpSignal;

/// What the configuration says itself. What it leaves open the environment says, first the
/// variable of the signal, then the one for all; then the default holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtlpSettings {
    /// What is sent, each signal once.
    pub signals: Vec<OtlpSignal>,
    /// How requests look.
    pub protocol: Option<OtlpProtocol>,
    /// Where the receiver is, without the `/v1/…` of a signal.
    pub endpoint: Option<String>,
    /// Whether requests are made smaller.
    pub compression: Option<OtlpCompression>,
    /// What goes along with each request. If there is any, those of the environment do not.
    pub headers: Vec<(String, Secret)>,
    /// How long one request may take.
    pub timeout: Option<Duration>,
    /// Certificates (PEM) to trust beside the machine's authorities.
    pub certificate: Option<Vec<u8>>,
    /// The service's name.
    pub service_name: Option<String>,
    /// Who the telemetry is from. Its `service_name` holds when nobody says another, and
    /// `OTEL_RESOURCE_ATTRIBUTES` adds to its `more`.
    pub resource: OtlpResource,
}

impl Default for OtlpSettings {
    /// Everything is sent, and everything else is left open.
    fn default() -> Self {
        Self {
            signals: OtlpSignal::ALL.to_vec(),
            protocol: None,
            endpoint: None,
            compression: None,
            headers: Vec::new(),
            timeout: None,
            certificate: None,
            service_name: None,
            resource: OtlpResource::default(),
        }
    }
}

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct OtlpConfigError {
    /// The key of the configuration, or the variable.
    pub name: String,
    /// What is wrong with it. No secret stands in it.
    pub problem: String,
    /// What to write instead.
    pub help: String,
}

impl fmt::Display for OtlpConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}\n  help: {}", self.name, self.problem, self.help)
    }
}

/// A value and where it comes from.
struct Found {
    name: String,
    text: String,
}

impl Found {
    fn wrong(&self, problem: impl Into<String>, help: impl Into<String>) -> OtlpConfigError {
        OtlpConfigError { name: self.name.clone(), problem: problem.into(), help: help.into() }
    }
}

impl OtlpSettings {
    /// Decides. `variable` looks up the environment; a variable that is empty counts as not
    /// set. `read` reads the file of certificates that a variable names, and says in words
    /// why it could not.
    ///
    /// # Errors
    /// The first setting that cannot be used.
    pub fn resolve(
        self,
        variable: &dyn Fn(&str) -> Option<String>,
        read: &dyn Fn(&str) -> Result<Vec<u8>, String>,
    ) -> Result<OtlpConfig, OtlpConfigError> {
        if self.signals.is_empty() {
            return Err(OtlpConfigError {
                name: "signals".into(),
                problem: "nothing would be sent".into(),
                help: "name `logs`, `traces` or both".into(),
            });
        }
        let variable = |name: &str| variable(name).filter(|text| !text.trim().is_empty());
        let receiver = |signal| {
            let surroundings = Surroundings { signal, variable: &variable, read };
            let wanted = self.signals.contains(&signal);
            wanted.then(|| surroundings.receiver(&self)).transpose()
        };
        let (logs, traces) = (receiver(OtlpSignal::Logs)?, receiver(OtlpSignal::Traces)?);
        let resource = resource(&self, &variable)?;
        Ok(OtlpConfig { logs, traces, resource })
    }
}

fn resource(
    settings: &OtlpSettings,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<OtlpResource, OtlpConfigError> {
    let mut resource = settings.resource.clone();
    let mut named = settings.service_name.clone().or_else(|| variable("OTEL_SERVICE_NAME"));
    if let Some(text) = variable("OTEL_RESOURCE_ATTRIBUTES") {
        let found = Found { name: "OTEL_RESOURCE_ATTRIBUTES".into(), text };
        for (key, value) in list(&found)? {
            if key == "service.name" {
                named = named.or(Some(value));
            } else {
                resource.more.push((key, value));
            }
        }
    }
    if let Some(name) = named {
        resource.service_name = name;
    }
    Ok(resource)
}

/// What one signal finds around it.
struct Surroundings<'a> {
    signal: OtlpSignal,
    variable: &'a dyn Fn(&str) -> Option<String>,
    read: &'a dyn Fn(&str) -> Result<Vec<u8>, String>,
}

impl Surroundings<'_> {
    fn receiver(&self, settings: &OtlpSettings) -> Result<OtlpReceiver, OtlpConfigError> {
        let protocol = match (settings.protocol, self.find("PROTOCOL")) {
            (Some(protocol), _) => protocol,
            (None, Some(found)) => protocol_of(&found)?,
            (None, None) => OtlpProtocol::default(),
        };
        let compression = match (settings.compression, self.find("COMPRESSION")) {
            (Some(compression), _) => compression,
            (None, Some(found)) => compression_of(&found)?,
            (None, None) => OtlpCompression::default(),
        };
        let timeout = match (settings.timeout, self.find("TIMEOUT")) {
            (Some(timeout), _) => timeout,
            (None, Some(found)) => timeout_of(&found)?,
            (None, None) => DEFAULT_TIMEOUT,
        };
        Ok(OtlpReceiver {
            protocol,
            endpoint: self.endpoint(settings, protocol)?,
            compression,
            headers: self.headers(settings, protocol)?,
            timeout,
            certificate: self.certificate(settings)?,
        })
    }

    /// The variable of the signal, or the one for all.
    fn find(&self, what: &str) -> Option<Found> {
        self.own(what).or_else(|| self.variable(format!("OTEL_EXPORTER_OTLP_{what}")))
    }

    fn own(&self, what: &str) -> Option<Found> {
        self.variable(format!("OTEL_EXPORTER_OTLP_{}{what}", self.signal.variable_part()))
    }

    fn variable(&self, name: String) -> Option<Found> {
        (self.variable)(&name).map(|text| Found { name, text: text.trim().to_owned() })
    }

    fn endpoint(
        &self,
        settings: &OtlpSettings,
        protocol: OtlpProtocol,
    ) -> Result<Url, OtlpConfigError> {
        let said = |text: &String| Found { name: "endpoint".into(), text: text.clone() };
        let found = settings.endpoint.as_ref().map(said);
        // What is meant for one signal is used as it is.
        let (found, is_whole) = match (found, self.own("ENDPOINT")) {
            (None, Some(own)) => (Some(own), true),
            (found, _) => (found.or_else(|| self.find("ENDPOINT")), false),
        };
        let default = match protocol {
            OtlpProtocol::HttpProtobuf => HTTP_ENDPOINT,
            OtlpProtocol::Grpc => GRPC_ENDPOINT,
        };
        let otherwise = || Found { name: "endpoint".into(), text: default.into() };
        let mut found = found.unwrap_or_else(otherwise);
        match protocol {
            OtlpProtocol::HttpProtobuf => {
                let mut url = url_of(&found)?;
                if !is_whole {
                    let path = format!("{}/v1/{}", url.path().trim_end_matches('/'), self.signal);
                    url.set_path(&path);
                }
                Ok(url)
            }
            OtlpProtocol::Grpc => {
                if !found.text.contains("://") {
                    let scheme = if self.insecure()? { "http" } else { "https" };
                    found.text = format!("{scheme}://{}", found.text);
                }
                let url = url_of(&found)?;
                let is_bare = url.path() == "/" && url.query().is_none();
                if !is_bare || !url.username().is_empty() || url.password().is_some() {
                    let problem = "over gRPC it is a scheme, a host and a port, nothing else";
                    return Err(found.wrong(problem, format!("write it like `{GRPC_ENDPOINT}`")));
                }
                Ok(url)
            }
        }
    }

    fn insecure(&self) -> Result<bool, OtlpConfigError> {
        let Some(found) = self.find("INSECURE") else { return Ok(false) };
        match found.text.to_ascii_lowercase().as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(found.wrong("it is neither `true` nor `false`", "write `true` or `false`")),
        }
    }

    fn headers(
        &self,
        settings: &OtlpSettings,
        protocol: OtlpProtocol,
    ) -> Result<Vec<(String, Secret)>, OtlpConfigError> {
        let mut name = "headers".to_owned();
        let mut headers = settings.headers.clone();
        if headers.is_empty()
            && let Some(found) = self.find("HEADERS")
        {
            let pairs = list(&found)?.into_iter();
            headers = pairs.map(|(key, value)| (key, Secret::new(value))).collect();
            name = found.name;
        }
        for (key, value) in &headers {
            check_header(key, value, protocol).map_err(|problem| OtlpConfigError {
                name: name.clone(),
                problem,
                help: "a header is a name without blanks and a line of text".into(),
            })?;
        }
        Ok(headers)
    }

    fn certificate(&self, settings: &OtlpSettings) -> Result<Option<Vec<u8>>, OtlpConfigError> {
        if settings.certificate.is_some() {
            return Ok(settings.certificate.clone());
        }
        let Some(found) = self.find("CERTIFICATE") else { return Ok(None) };
        let problem = |cause| format!("`{}` cannot be read: {cause}", found.text.escape_debug());
        let help = "name a file of certificates in PEM form";
        (self.read)(&found.text).map(Some).map_err(|cause| found.wrong(problem(cause), help))
    }
}

/// Whether a header can be sent; what is wrong, without its value.
pub(super) fn check_header(
    key: &str,
    value: &Secret,
    protocol: OtlpProtocol,
) -> Result<(), String> {
    let shown = key.escape_debug();
    if HeaderName::from_bytes(key.as_bytes()).is_err() {
        return Err(format!("`{shown}` is no name of a header"));
    }
    // gRPC takes such names for bytes in base 64.
    if protocol == OtlpProtocol::Grpc && key.to_ascii_lowercase().ends_with("-bin") {
        return Err(format!("`{shown}` is for bytes, which is not supported"));
    }
    let is_plain = value.expose().bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if HeaderValue::from_str(value.expose()).is_err()
        || (protocol == OtlpProtocol::Grpc && !is_plain)
    {
        return Err(format!("the value of `{shown}` cannot stand in a header"));
    }
    Ok(())
}

fn list(found: &Found) -> Result<Vec<(String, String)>, OtlpConfigError> {
    let help = "write `key=value,key2=value2` with percent-encoded values";
    pairs(&found.text).map_err(|problem| found.wrong(problem, help))
}

fn protocol_of(found: &Found) -> Result<OtlpProtocol, OtlpConfigError> {
    OtlpProtocol::parse(&found.text).ok_or_else(|| {
        let problem = format!("`{}` is not spoken here", found.text.escape_debug());
        found.wrong(problem, "write `http/protobuf` or `grpc`")
    })
}

fn compression_of(found: &Found) -> Result<OtlpCompression, OtlpConfigError> {
    OtlpCompression::parse(&found.text).ok_or_else(|| {
        let problem = format!("`{}` is not known", found.text.escape_debug());
        found.wrong(problem, "write `gzip` or `none`")
    })
}

fn timeout_of(found: &Found) -> Result<Duration, OtlpConfigError> {
    match found.text.parse() {
        Ok(ms) if ms > 0 => Ok(Duration::from_millis(ms)),
        _ => Err(found.wrong("it is no number of milliseconds above 0", "write `10000` for 10 s")),
    }
}

fn url_of(found: &Found) -> Result<Url, OtlpConfigError> {
    // The text is not repeated: it may hold a password.
    let help = format!("write it like `{HTTP_ENDPOINT}`");
    let url: Url = found
        .text
        .parse()
        .map_err(|cause: url::ParseError| found.wrong(format!("it is no URL: {cause}"), &help))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(found.wrong("it is no URL with `http` or `https` and a host", help));
    }
    Ok(url)
}
