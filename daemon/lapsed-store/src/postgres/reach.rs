//! Whether a server can be reached, and why not.
//!
//! A pool goes on trying until its patience ends and then knows no reason. So somebody knocks first, once.

use std::io::ErrorKind;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _};

use crate::error::{Result, StoreError};

/// Connects once. `named` is the setting that leads there.
pub(super) async fn reach(
    options: &PgConnectOptions,
    named: &'static str,
    knows_password: bool,
    patience: Duration,
) -> Result<()> {
    let place = place(options);
    let unreachable = |why: String| StoreError::Unreachable(why);
    let connected = tokio::time::timeout(patience, options.connect()).await;
    let connection: PgConnection = match connected {
        Err(_) => {
            return Err(unreachable(format!(
                "nothing answers at {place}, where `{named}` leads"
            )));
        }
        Ok(Err(sqlx::Error::Io(why))) => {
            return Err(match why.kind() {
                ErrorKind::ConnectionRefused | ErrorKind::NotFound => {
                    StoreError::NobodyThere { place, named }
                }
                _ => unreachable(format!("{why}, at {place}, where `{named}` leads")),
            });
        }
        Ok(Err(sqlx::Error::Database(refusal)))
            if refusal.code().as_deref() == Some("28P01") && !knows_password =>
        {
            return Err(StoreError::NoPassword(refusal.message().to_owned()));
        }
        Ok(connected) => connected.map_err(StoreError::of("open the store"))?,
    };
    // That it was there is all that matters.
    let _ = connection.close().await;
    Ok(())
}

fn place(options: &PgConnectOptions) -> String {
    match options.get_socket() {
        Some(folder) => format!("{}/.s.PGSQL.{}", folder.display(), options.get_port()),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    }
}

/// What TLS has against a server, in a sentence.
pub(crate) fn untrusted(why: &str) -> String {
    const SENTENCES: [(&str, &str); 6] = [
        (
            "UnknownIssuer",
            "its certificate comes from an authority that this machine does not know: name the authority's, by `&sslrootcert=/path/to/ca.pem`",
        ),
        (
            "CaUsedAsEndEntity",
            "its certificate is an authority's own and no server's: give the server one that an authority signed",
        ),
        (
            "Expired",
            "its certificate has expired: give the server a new one",
        ),
        (
            "NotValidForName",
            "its certificate is for another name than the address has: write the host as the certificate does",
        ),
        (
            "not valid for name",
            "its certificate is for another name than the address has: write the host as the certificate does",
        ),
        (
            "No such file",
            "a certificate that the address names is not there: see the paths behind the `?`",
        ),
    ];
    SENTENCES
        .iter()
        .find(|(says, _)| why.contains(says))
        .map_or_else(|| why.to_owned(), |(_, sentence)| (*sentence).to_owned())
}
