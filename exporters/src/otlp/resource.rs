//! Who the telemetry is from. Pure: the machine's facts come in as values.

use opentelemetry_proto::tonic::resource::v1::Resource;

use super::encode::attribute;

/// The service's name, when nobody says.
pub const SERVICE_NAME: &str = "dosd";

/// What is said about the sender, once for each request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtlpResource {
    /// `service.name`.
    pub service_name: String,
    /// `service.version`.
    pub service_version: String,
    /// `service.instance.id`: tells this daemon from others of the service.
    pub service_instance_id: Option<String>,
    /// `host.name`.
    pub host_name: Option<String>,
    /// `dos.workspace`: the directory that the fleet works in.
    pub workspace: Option<String>,
    /// What else is known, such as `vcs.*` or `deployment.environment.name`. These win over
    /// the ones above, except over the service's name.
    pub more: Vec<(String, String)>,
}

impl Default for OtlpResource {
    fn default() -> Self {
        Self {
            service_name: SERVICE_NAME.to_owned(),
            service_version: env!("CARGO_PKG_VERSION").to_owned(),
            service_instance_id: None,
            host_name: None,
            workspace: None,
            more: Vec::new(),
        }
    }
}

impl OtlpResource {
    /// Its form on the wire: each key once, empty values left out.
    pub(super) fn message(&self) -> Resource {
        let own = [
            ("service.name", Some(&self.service_name)),
            ("service.version", Some(&self.service_version)),
            ("service.instance.id", self.service_instance_id.as_ref()),
            ("host.name", self.host_name.as_ref()),
            ("dos.workspace", self.workspace.as_ref()),
        ];
        let own = own.into_iter().filter_map(|(key, value)| Some((key, value?.as_str())));
        let mut said: Vec<(&str, &str)> = own.collect();
        for (key, value) in &self.more {
            match said.iter_mut().find(|(known, _)| known == key) {
                Some(("service.name", _)) => {}
                Some((_, known)) => *known = value,
                None => said.push((key, value)),
            }
        }
        said.retain(|(_, value)| !value.is_empty());
        let attributes = said.into_iter().map(|(key, value)| attribute(key, value)).collect();
        Resource { attributes, ..Resource::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_stands_once_and_what_is_not_known_does_not_stand_at_all() {
        let resource = OtlpResource {
            service_version: "1".into(),
            host_name: Some("guessed".into()),
            workspace: Some(String::new()),
            more: vec![
                ("host.name".into(), "build-7".into()),
                ("service.name".into(), "other".into()),
                ("vcs.repository.name".into(), "shop".into()),
            ],
            ..OtlpResource::default()
        };
        let expected = [
            attribute("service.name", "dosd"),
            attribute("service.version", "1"),
            attribute("host.name", "build-7"),
            attribute("vcs.repository.name", "shop"),
        ];
        assert_eq!(resource.message().attributes, expected);
    }
}
