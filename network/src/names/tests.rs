//! Lookups with files of a test's own, and a name server on loopback.

mod server;

use std::fs;
use std::io::ErrorKind;

use tempfile::TempDir;

use super::Names;
use server::{Answer, NameServer};

/// A place with these files; none where there is no text.
struct Place(TempDir);

impl Place {
    fn new(hosts: Option<&str>, resolv_conf: Option<&str>) -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        fs::create_dir(place.0.path().join("etc")).unwrap();
        for (file, text) in [("etc/hosts", hosts), ("etc/resolv.conf", resolv_conf)] {
            if let Some(text) = text {
                place.write(file, text);
            }
        }
        place
    }

    fn write(&self, file: &str, text: &str) {
        fs::write(self.0.path().join(file), text).unwrap();
    }

    fn names(&self, port: u16) -> Names {
        Names::below(self.0.path(), port)
    }
}

/// The addresses in words, or why there are none.
async fn look_up(names: &Names, host: &str) -> Result<Vec<String>, String> {
    match names.addresses(host, 80).await {
        Ok(found) => Ok(found.iter().map(ToString::to_string).collect()),
        Err(error) => Err(error.to_string()),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "it is compared with what may fail")]
fn found<const N: usize>(addresses: [&str; N]) -> Result<Vec<String>, String> {
    Ok(addresses.map(str::to_owned).to_vec())
}

#[tokio::test]
async fn without_any_file_this_machine_and_addresses_are_known() {
    let place = Place::new(None, None);
    let names = place.names(1);
    for local in ["localhost", "LocalHost.", "api.localhost"] {
        assert_eq!(look_up(&names, local).await, found(["127.0.0.1:80", "[::1]:80"]), "{local}");
    }
    assert_eq!(look_up(&names, "10.1.2.3").await, found(["10.1.2.3:80"]));
    assert_eq!(look_up(&names, "fd00::7").await, found(["[fd00::7]:80"]));
}

#[tokio::test]
async fn without_a_name_server_the_error_names_the_file_and_the_fix() {
    for resolv_conf in [None, Some("# nothing\noptions ndots:5\n")] {
        let place = Place::new(None, resolv_conf);
        let error = look_up(&place.names(1), "db.internal").await.unwrap_err();
        assert!(error.starts_with("`db.internal` cannot be looked up: `/"), "{error}");
        assert!(error.contains("/etc/resolv.conf`: ") && error.contains("nameserver"), "{error}");
    }
}

#[tokio::test]
async fn the_file_of_hosts_comes_before_every_name_server() {
    let hosts = "127.0.0.9 localhost\n\
        # 10.0.0.1 commented\n\
        fd00::5 db db.internal # and a comment\n\
        \t10.0.0.5\tDB.internal  # \u{e9}\n\
        10.0.0.5 db.internal\n\
        not-an-address other\n\
        fe80::1%eth0 other\n";
    let server = NameServer::start(|_| Answer::NoSuchHost).await;
    let place = Place::new(Some(hosts), Some(&server.conf()));
    let names = place.names(server.port());

    assert_eq!(look_up(&names, "db.internal").await, found(["10.0.0.5:80", "[fd00::5]:80"]));
    assert_eq!(look_up(&names, "db").await, found(["[fd00::5]:80"]));
    assert_eq!(look_up(&names, "db.").await, found(["[fd00::5]:80"]));
    assert_eq!(look_up(&names, "localhost").await, found(["127.0.0.9:80"]));
    assert_eq!(server.asked(), [""; 0]);

    let error = names.addresses("other", 80).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(error.to_string(), "`other`: no such host (asked 127.0.0.1)");
}

#[tokio::test]
async fn the_search_list_is_gone_through_as_in_a_cluster() {
    let server = NameServer::start(|name| match name {
        "collector.monitoring.svc.cluster.local." => Answer::addresses(["10.96.0.7"]),
        "my_db.fleet.svc.cluster.local." => Answer::addresses(["10.96.0.8"]),
        "www.example.org." => Answer::addresses(["192.0.2.1", "192.0.2.2", "2001:db8::1"]),
        _ => Answer::NoSuchHost,
    })
    .await;
    let conf = format!(
        "search fleet.svc.cluster.local svc.cluster.local cluster.local\n{}options ndots:5\n",
        server.conf()
    );
    let place = Place::new(None, Some(&conf));
    let names = place.names(server.port());

    assert_eq!(look_up(&names, "collector.monitoring").await, found(["10.96.0.7:80"]));
    assert_eq!(
        server.take_asked(),
        [
            "collector.monitoring.fleet.svc.cluster.local.",
            "collector.monitoring.svc.cluster.local.",
        ]
    );
    assert_eq!(look_up(&names, "my_db").await, found(["10.96.0.8:80"]));
    let outside = ["192.0.2.1:80", "192.0.2.2:80", "[2001:db8::1]:80"];
    assert_eq!(look_up(&names, "www.example.org").await, found(outside));
    server.take_asked();
    // A name that ends with a dot is whole.
    assert_eq!(look_up(&names, "www.example.org.").await, found(outside));
    assert_eq!(server.take_asked(), ["www.example.org."]);

    let error = names.addresses("nobody", 80).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_asked_for_again_over_tcp() {
    let many: Vec<String> = (1..=60).map(|last| format!("10.0.1.{last}")).collect();
    let all = many.clone();
    let server = NameServer::start(move |_| Answer::addresses(&all)).await;
    let place = Place::new(None, Some(&server.conf()));
    let names = place.names(server.port());
    let found = look_up(&names, "many.example").await.unwrap();
    assert_eq!(found.len(), many.len());
}

#[tokio::test]
async fn a_name_server_that_is_silent_or_knows_less_does_not_matter() {
    let silent = NameServer::start(|_| Answer::Silence).await;
    let public = silent.beside("127.0.0.2", |_| Answer::NoSuchHost).await;
    let inside = silent.beside("127.0.0.3", |_| Answer::addresses(["10.0.0.1"])).await;
    let conf = [&silent, &public, &inside].map(NameServer::conf).concat();
    let place = Place::new(None, Some(&conf));
    let names = place.names(silent.port());
    assert_eq!(look_up(&names, "db.internal").await, found(["10.0.0.1:80"]));
}

#[tokio::test]
async fn a_name_server_in_trouble_does_not_say_that_there_is_no_such_host() {
    let server = NameServer::start(|_| Answer::Failure).await;
    let place = Place::new(None, Some(&server.conf()));
    let error = place.names(server.port()).addresses("db.internal", 80).await.unwrap_err();
    assert_ne!(error.kind(), ErrorKind::NotFound, "{error}");
    assert!(error.to_string().ends_with(" (asked 127.0.0.1)"), "{error}");
}

#[tokio::test]
async fn both_files_may_change_at_any_time() {
    let server = NameServer::start(|name| match name {
        "db.new." => Answer::addresses(["10.0.0.2"]),
        _ => Answer::NoSuchHost,
    })
    .await;
    let place = Place::new(None, Some(&server.conf()));
    let names = place.names(server.port());
    assert!(look_up(&names, "db").await.is_err());
    place.write("etc/resolv.conf", &format!("{}search new\n", server.conf()));
    assert_eq!(look_up(&names, "db").await, found(["10.0.0.2:80"]));
    place.write("etc/hosts", "10.0.0.3 db\n");
    assert_eq!(look_up(&names, "db").await, found(["10.0.0.3:80"]));
}

#[tokio::test]
async fn what_is_no_name_is_refused_with_a_reason() {
    let place = Place::new(None, None);
    let names = place.names(1);
    for odd in ["", "a..b", &"x".repeat(64)] {
        let error = names.addresses(odd, 80).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{odd:?}: {error}");
    }
}

#[cfg(all(feature = "reqwest", feature = "tls"))]
#[tokio::test]
async fn a_client_of_reqwest_finds_a_host_through_it() {
    let place = Place::new(Some("127.0.0.1 sink.internal\n"), None);
    let web = server::Greeter::start().await;
    let client = reqwest::Client::builder().no_proxy().dns_resolver(place.names(1));
    let tls = crate::tls_config(crate::Trust::Nobody).unwrap();
    let client = client.tls_backend_preconfigured(tls).build().unwrap();
    let url = format!("http://sink.internal:{}/", web.port());
    assert_eq!(client.get(url).send().await.unwrap().text().await.unwrap(), server::GREETING);
}

#[cfg(feature = "hyper")]
#[tokio::test]
async fn a_connector_of_hyper_finds_a_host_through_it() {
    use hyper_util::client::legacy::connect::HttpConnector;
    use tower_service::Service as _;

    let place = Place::new(Some("127.0.0.1 sink.internal\n"), None);
    let web = server::Greeter::start().await;
    let mut connector = HttpConnector::new_with_resolver(place.names(1));
    let url = format!("http://sink.internal:{}/", web.port()).parse().unwrap();
    connector.call(url).await.unwrap();
}
