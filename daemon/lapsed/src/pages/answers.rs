//! What the pages say.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use lapsed_jobs::health::Health;
use lapsed_jobs::metrics::Metrics;

const OPEN_METRICS: &str = "application/openmetrics-text";

/// What the pages are made from.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) metrics: Metrics,
    pub(super) health: Health,
}

/// `/metrics`, in the newer format for who asks for it.
pub(super) async fn metrics(State(known): State<Known>, headers: HeaderMap) -> impl IntoResponse {
    known.metrics.set_healthy(known.health.report().healthy);
    let accepts = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok());
    let (kind, text) = if accepts.is_some_and(|accept| accept.contains(OPEN_METRICS)) {
        (
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
            known.metrics.open_metrics(),
        )
    } else {
        (
            "text/plain; version=0.0.4; charset=utf-8",
            known.metrics.prometheus(),
        )
    };
    ([(header::CONTENT_TYPE, kind)], text)
}

/// `/health`: 200 while the daemon does its work, 503 with the reasons while it does not.
pub(super) async fn health(State(known): State<Known>) -> impl IntoResponse {
    let report = known.health.report();
    let status = if report.healthy {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    let text = serde_json::to_string(&report).expect("a report has names for keys");
    (status, headers, text)
}
