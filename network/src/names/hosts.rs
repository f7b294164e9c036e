//! `/etc/hosts`: an address and its names on each line.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, ErrorKind};
use std::net::IpAddr;
use std::path::Path;

/// The addresses that the file gives a host, IPv4 first; none where there is no such file.
pub(super) fn find(file: &Path, host: &str) -> io::Result<Vec<IpAddr>> {
    let unread =
        |cause: io::Error| io::Error::new(cause.kind(), format!("`{}`: {cause}", file.display()));
    let mut lines = match File::open(file) {
        Ok(file) => BufReader::new(file),
        Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(cause) => return Err(unread(cause)),
    };
    let host = host.strip_suffix('.').unwrap_or(host);
    let mut found = Vec::new();
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line).map_err(unread)? > 0 {
        // A comment may be in whatever encoding.
        let known = address(&String::from_utf8_lossy(&line), host);
        found.extend(known.filter(|address| !found.contains(address)));
        line.clear();
    }
    found.sort_by_key(IpAddr::is_ipv6);
    Ok(found)
}

/// What a line says about a host. What cannot be understood says nothing, as everywhere.
fn address(line: &str, host: &str) -> Option<IpAddr> {
    let mut words = line.split('#').next()?.split_whitespace();
    let address = words.next()?.parse().ok()?;
    words.any(|name| name.eq_ignore_ascii_case(host)).then_some(address)
}
