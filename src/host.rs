//! The name of this machine in journal rows.

use crate::env::Environment;

/// `DISPATCH_HOST_ID`, else the host name.
#[must_use]
pub fn host_id(environment: &Environment) -> String {
    environment
        .host_id
        .clone()
        .unwrap_or_else(|| rustix::system::uname().nodename().to_string_lossy().into_owned())
}
