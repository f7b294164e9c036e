//! Name servers, asked as `/etc/resolv.conf` says.

use std::io::{self, ErrorKind};
use std::net::IpAddr;
use std::path::Path;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{
    LookupIpStrategy, ResolveHosts, ResolverConfig, ResolverOpts, ServerOrderingStrategy,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::Name;
use hickory_resolver::system_conf::parse_resolv_conf;

use crate::chain;

/// The addresses that name servers give a host, at least one, IPv4 first.
pub(super) async fn find(file: &Path, port: u16, host: &str) -> io::Result<Vec<IpAddr>> {
    let name = name(host)?;
    let (config, options) = settings(file, port).await.map_err(|error| {
        io::Error::new(error.kind(), format!("`{host}` cannot be looked up: {error}"))
    })?;
    let asked = config.name_servers().iter().map(|server| server.ip.to_string());
    let asked = asked.collect::<Vec<_>>().join(", ");
    let failed = |kind, why: &str| io::Error::new(kind, format!("`{host}`: {why} (asked {asked})"));

    let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
    *builder.options_mut() = options;
    let resolver = builder.build().map_err(|cause| failed(ErrorKind::Other, &cause.to_string()))?;
    match resolver.lookup_ip(name).await {
        Ok(found) if found.iter().next().is_some() => Ok(found.iter().collect()),
        Ok(_) => Err(failed(ErrorKind::NotFound, "no address")),
        Err(cause) if cause.is_nx_domain() => Err(failed(ErrorKind::NotFound, "no such host")),
        Err(cause) if cause.is_no_records_found() => Err(failed(ErrorKind::NotFound, "no address")),
        Err(cause) => Err(failed(ErrorKind::Other, &chain(&cause))),
    }
}

fn name(host: &str) -> io::Result<Name> {
    let refused = |why| io::Error::new(ErrorKind::InvalidInput, format!("`{host}`: {why}"));
    if host.is_empty() {
        return Err(refused("no name of a host".to_owned()));
    }
    // Services are also named with `_`.
    Name::from_str_relaxed(host).map_err(|cause| refused(format!("no name of a host: {cause}")))
}

async fn settings(file: &Path, port: u16) -> io::Result<(ResolverConfig, ResolverOpts)> {
    let unread = |kind, cause: &str| io::Error::new(kind, format!("`{}`: {cause}", file.display()));
    let text = tokio::fs::read(file).await;
    let text = text.map_err(|cause| {
        if cause.kind() == ErrorKind::NotFound {
            unread(cause.kind(), "there is none, so no name server is known (`nameserver ADDRESS`)")
        } else {
            unread(cause.kind(), &cause.to_string())
        }
    })?;
    let parsed = parse_resolv_conf(&text);
    let (config, mut options) =
        parsed.map_err(|cause| unread(ErrorKind::InvalidData, &chain(&cause)))?;
    let (domain, search, mut servers) = config.into_parts();
    // The domain of this host stands in for a search list.
    let domain = domain.filter(|_| search.is_empty());
    for server in &mut servers {
        // Beside the one of an organisation there may be one of the world, which knows less.
        server.trust_negative_responses = false;
        for connection in &mut server.connections {
            connection.port = port;
        }
    }
    // All at once: one that is silent uses up the time of those behind it.
    options.num_concurrent_reqs = servers.len();
    options.server_ordering_strategy = ServerOrderingStrategy::UserProvidedOrder;
    // There they are counted with the first, here without.
    options.attempts = options.attempts.saturating_sub(1);
    options.use_hosts_file = ResolveHosts::Never;
    options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
    Ok((ResolverConfig::from_parts(domain, search, servers), options))
}
