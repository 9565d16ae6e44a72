//! The daemon's pages for whoever watches it: `/metrics` and `/health` on a local address.
//!
//! They are made from what the daemon knows anyway and never ask the store, so that they answer while it is out of
//! reach and cost next to nothing. A client that is slow, or many of them, take no more than a few connections for a
//! few seconds: each connection answers one request within [`PATIENCE`], and one more than [`MOST_CLIENTS`] is closed.

mod answers;
#[cfg(test)]
mod tests;

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use axum::Router;
use axum::routing::get;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use lapsed_jobs::health::Health;
use lapsed_jobs::metrics::Metrics;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// How many clients are answered at the same time.
const MOST_CLIENTS: usize = 32;
/// How long a client may take for its request.
const REQUEST: Duration = Duration::from_secs(3);
/// How long a connection lasts at most.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest request that is read: a monitoring system's headers are a few hundred bytes.
const MOST_BYTES: usize = 8 * 1024;
/// How long nothing is accepted when the system is out of descriptors: at once would only burn a core.
const BREATH: Duration = Duration::from_millis(200);

/// An address that is listened on, and what is shown there.
pub(crate) struct Pages {
    listener: TcpListener,
    router: Router,
}

impl Pages {
    /// Takes the address, or says why it cannot be had. Nothing is answered before [`Pages::serve`].
    pub(crate) async fn bind(address: SocketAddr, metrics: Metrics, health: Health) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(address).await;
        let listener = listener.map_err(|why| cannot_listen(address, &why))?;
        let taken = listener
            .local_addr()
            .context("a socket that listens has no address")?;
        tracing::info!(address = %taken, "metrics and health are at http://{taken}/metrics and /health");
        if !taken.ip().is_loopback() {
            tracing::warn!(
                address = %taken,
                "{taken} can be reached from other machines: the metrics name your tenants, and nobody is asked who they are"
            );
        }
        let router = Router::new()
            .route("/metrics", get(answers::metrics))
            .route("/health", get(answers::health))
            .with_state(answers::Known { metrics, health });
        Ok(Self { listener, router })
    }

    /// Answers until it is dropped.
    pub(crate) async fn serve(self) {
        let clients = Arc::new(Semaphore::new(MOST_CLIENTS));
        loop {
            let Ok((client, _)) = self.listener.accept().await else {
                tokio::time::sleep(BREATH).await;
                continue;
            };
            // One too many is closed by being dropped: it may come back, and the others are done soon.
            if let Ok(place) = Arc::clone(&clients).try_acquire_owned() {
                let router = self.router.clone();
                tokio::spawn(async move {
                    answer(client, router).await;
                    drop(place);
                });
            }
        }
    }
}

/// Answers one request; what a client does wrong is its own business.
async fn answer(client: TcpStream, router: Router) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(REQUEST)
        .max_buf_size(MOST_BYTES)
        .keep_alive(false)
        .serve_connection(TokioIo::new(client), TowerToHyperService::new(router));
    if let Ok(Err(why)) = timeout(PATIENCE, connection).await {
        tracing::debug!(%why, "a client of the pages was not answered");
    }
}

fn cannot_listen(address: SocketAddr, why: &std::io::Error) -> anyhow::Error {
    let next = match why.kind() {
        ErrorKind::AddrInUse => "another program listens there, perhaps another `lapsed run`",
        ErrorKind::AddrNotAvailable => "this machine has no such address",
        ErrorKind::PermissionDenied => "ports below 1024 are for the administrator",
        _ => return anyhow!("cannot listen on {address} (`[listen] metrics`): {why}"),
    };
    anyhow!(
        "cannot listen on {address}: {next}; name another address as `metrics` below `[listen]` in the settings"
    )
}
