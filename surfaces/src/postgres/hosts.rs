//! The hosts of a database by their addresses. The driver would ask the C library.

use std::io;

use dosd_network::Names;
use tokio_postgres::Config;
use tokio_postgres::config::Host;

/// The same, with every address of every host. Of several hosts those that are found are
/// enough, as for the driver.
///
/// # Errors
/// Why none is found.
pub(super) async fn located(config: &Config, names: &Names) -> io::Result<Config> {
    let hosts = config.get_hosts();
    let mut tcp = hosts.iter().filter_map(|host| match host {
        Host::Tcp(host) => Some(host),
        Host::Unix(_) => None,
    });
    // Their addresses are written out; or some are sockets, which have none.
    if !config.get_hostaddrs().is_empty() || tcp.by_ref().count() < hosts.len() {
        return Ok(config.clone());
    }
    let mut located = without_hosts(config);
    let ports = config.get_ports();
    if let [port] = ports {
        located.port(*port);
    }
    let mut unknown = None;
    for (at, host) in hosts.iter().enumerate() {
        let Host::Tcp(host) = host else { continue };
        let found = match names.addresses(host, 0).await {
            Ok(found) => found,
            Err(error) => {
                unknown = Some(error);
                continue;
            }
        };
        for address in found {
            located.host(host).hostaddr(address.ip());
            if let (Some(port), true) = (ports.get(at), ports.len() > 1) {
                located.port(*port);
            }
        }
    }
    match unknown {
        Some(error) if located.get_hosts().is_empty() => Err(error),
        Some(_) | None => Ok(located),
    }
}

/// A copy of everything else.
fn without_hosts(config: &Config) -> Config {
    let mut copy = Config::new();
    if let Some(user) = config.get_user() {
        copy.user(user);
    }
    if let Some(password) = config.get_password() {
        copy.password(password);
    }
    if let Some(dbname) = config.get_dbname() {
        copy.dbname(dbname);
    }
    if let Some(options) = config.get_options() {
        copy.options(options);
    }
    if let Some(name) = config.get_application_name() {
        copy.application_name(name);
    }
    if let Some(timeout) = config.get_connect_timeout() {
        copy.connect_timeout(*timeout);
    }
    if let Some(timeout) = config.get_tcp_user_timeout() {
        copy.tcp_user_timeout(*timeout);
    }
    if let Some(interval) = config.get_keepalives_interval() {
        copy.keepalives_interval(interval);
    }
    if let Some(retries) = config.get_keepalives_retries() {
        copy.keepalives_retries(retries);
    }
    copy.keepalives(config.get_keepalives())
        .keepalives_idle(config.get_keepalives_idle())
        .ssl_mode(config.get_ssl_mode())
        .ssl_negotiation(config.get_ssl_negotiation())
        .target_session_attrs(config.get_target_session_attrs())
        .channel_binding(config.get_channel_binding())
        .load_balance_hosts(config.get_load_balance_hosts());
    copy
}

#[cfg(test)]
mod tests {
    use dosd_network::Names;
    use tokio::runtime::Builder;
    use tokio_postgres::Config;

    use super::located;

    fn locate(url: &str) -> Result<Config, String> {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let config = url.parse().unwrap();
        runtime.block_on(located(&config, &Names::default())).map_err(|error| error.to_string())
    }

    fn config(url: &str) -> Config {
        url.parse().unwrap()
    }

    #[test]
    fn everything_but_the_hosts_stays() {
        let options = "options=-c%20a%3Db&application_name=x&sslmode=require&sslnegotiation=direct\
            &connect_timeout=3&tcp_user_timeout=4&keepalives=0&keepalives_idle=5\
            &keepalives_interval=6&keepalives_retries=7&target_session_attrs=read-only\
            &channel_binding=require&load_balance_hosts=random";
        let plain = format!("postgres://user:word@10.0.0.1:6432/db?{options}");
        assert_eq!(locate(&plain), Ok(config(&format!("{plain}&hostaddr=10.0.0.1"))));
    }

    #[test]
    fn every_address_of_a_host_is_there_with_its_port() {
        let hosts = "postgres://10.0.0.1:1,database.localhost:2/db";
        let found = "postgres://10.0.0.1:1,database.localhost:2,database.localhost:2/db\
            ?hostaddr=10.0.0.1,127.0.0.1,::1";
        assert_eq!(locate(hosts), Ok(config(found)));
    }

    #[test]
    fn hosts_that_need_no_lookup_stay_as_they_are() {
        for url in [
            "postgres://database.invalid/db?hostaddr=10.0.0.1",
            "postgres:///db?host=/run/postgresql",
        ] {
            assert_eq!(locate(url), Ok(config(url)), "{url}");
        }
    }

    #[test]
    fn hosts_that_are_not_found_do_not_matter_beside_others() {
        // Whatever name servers say, this is no name.
        let url = "postgres://a..b,10.0.0.1/db";
        assert_eq!(locate(url), Ok(config("postgres://10.0.0.1/db?hostaddr=10.0.0.1")));
        let error = locate("postgres://a..b/db").unwrap_err();
        assert!(error.starts_with("`a..b`: "), "{error}");
    }
}
