//! `kind = "otlp"`.

use super::SinkPorts;
use crate::config::sink::{Otlp, OtlpProtocol, OtlpSignal};
use crate::secrets::reveal;
use dosd_exporters::otlp::{
    OtlpCompression, OtlpConfig, OtlpProtocol as Protocol, OtlpResource, OtlpSettings,
    OtlpSignal as Signal, OtlpSink,
};
use std::path::Path;

impl SinkPorts {
    pub(super) fn otlp(&self, otlp: &Otlp) -> Result<OtlpSink, String> {
        OtlpSink::new(&self.otlp_config(otlp)?, &self.clock)
    }

    fn otlp_config(&self, otlp: &Otlp) -> Result<OtlpConfig, String> {
        let headers = otlp.headers.iter();
        let headers =
            headers.map(|(name, value)| Ok((name.clone(), reveal(value, &self.workspace)?)));
        let certificate = otlp.ca_file.as_deref().map(|path| {
            let path = self.workspace.resolve_path(path);
            std::fs::read(&path)
                .map_err(|cause| format!("cannot read `{}`: {cause}", path.display()))
        });
        let signals = otlp.signals.as_ref().map(|wanted| {
            let signals = wanted.iter().map(|signal| match signal {
                OtlpSignal::Logs => Signal::Logs,
                OtlpSignal::Traces => Signal::Traces,
            });
            signals.collect()
        });
        let settings = OtlpSettings {
            signals: signals.unwrap_or_else(|| Signal::ALL.to_vec()),
            protocol: otlp.protocol.map(|protocol| match protocol {
                OtlpProtocol::HttpProtobuf => Protocol::HttpProtobuf,
                OtlpProtocol::Grpc => Protocol::Grpc,
            }),
            endpoint: otlp.endpoint.clone(),
            compression: otlp
                .gzip
                .map(|gzip| if gzip { OtlpCompression::Gzip } else { OtlpCompression::None }),
            headers: headers.collect::<Result<_, String>>()?,
            timeout: otlp.timeout,
            certificate: certificate.transpose()?,
            service_name: otlp.service_name.clone(),
            resource: self.resource(),
        };
        let read = |path: &str| std::fs::read(Path::new(path)).map_err(|cause| cause.to_string());
        settings.resolve(&crate::env::variable, &read).map_err(|error| error.to_string())
    }

    /// Who the telemetry is from.
    fn resource(&self) -> OtlpResource {
        let root = self.workspace.root().display().to_string();
        OtlpResource {
            host_name: Some(self.host_id.clone()),
            service_instance_id: Some(format!("{}:{root}", self.host_id)),
            workspace: Some(root),
            ..OtlpResource::default()
        }
    }
}
