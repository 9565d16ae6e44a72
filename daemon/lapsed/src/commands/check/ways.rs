//! How the settings get to a server on another machine.

use lapsed_config::Finding;
use lapsed_store::Address;

use crate::address::options;

/// Ways over a network on which nobody checks whom they lead to.
pub(super) fn unguarded(address: &Address) -> Vec<Finding> {
    let Address::Server(server) = address else {
        return Vec::new();
    };
    let ways = [("url", Some(&server.url)), ("direct_url", server.direct.as_ref())];
    ways.into_iter()
        .filter_map(|(named, url)| Some((named, unguarded_host(url?)?)))
        .map(|(named, host)| {
            Finding::warning(format!(
                "`{named}` leads to {host} without checking its certificate: whoever is in between may read along, or be the server"
            ))
            .help("add `?sslmode=verify-full`, and `&sslrootcert=/path/to/ca.pem` for an authority of your own")
        })
        .collect()
}

/// The host of a server on another machine whose certificate is not checked: whoever is in between could be the server.
fn unguarded_host(url: &str) -> Option<&str> {
    let option = |wanted: &str| {
        options(url)
            .find(|(name, _)| *name == wanted)
            .map(|(_, value)| value)
    };
    let authority = url.split_once("://").map_or("", |(_, rest)| rest);
    let authority = authority.split(['/', '?']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host.strip_prefix('[') {
        Some(address) => address.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let host = option("hostaddr").or(option("host")).unwrap_or(host);
    let is_socket = host.starts_with('/') || host.to_ascii_lowercase().starts_with("%2f");
    let is_here = is_socket || matches!(host, "" | "localhost" | "::1") || host.starts_with("127.");
    (!is_here && option("sslmode") != Some("verify-full")).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_far_whose_certificate_matters_however_its_address_is_written() {
        for (url, far) in [
            (
                "postgres://lapsed@db.example.org/boxoffice",
                Some("db.example.org"),
            ),
            (
                "postgres://lapsed@db.example.org:5432/boxoffice?sslmode=require",
                Some("db.example.org"),
            ),
            (
                "postgres://lapsed@[2001:db8::1]:5432/boxoffice",
                Some("2001:db8::1"),
            ),
            (
                "postgres://lapsed@localhost/boxoffice?host=db.example.org",
                Some("db.example.org"),
            ),
            (
                "postgres://lapsed@db.example.org/boxoffice?sslmode=verify-full",
                None,
            ),
            ("postgres://lapsed@localhost:5433/boxoffice", None),
            ("postgres://lapsed@127.0.0.1/boxoffice", None),
            ("postgres://lapsed@[::1]/boxoffice", None),
            ("postgres://lapsed@%2Fvar%2Frun%2Fpostgresql/boxoffice", None),
            (
                "postgres://lapsed@localhost/boxoffice?host=/var/run/postgresql",
                None,
            ),
        ] {
            assert_eq!(unguarded_host(url), far, "{url}");
        }
    }
}
