//! The pages as their clients see them: good ones, slow ones, and too many.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use chrono::DateTime;
use lapsed_jobs::health::{Component, Health};
use lapsed_jobs::metrics::Metrics;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{MOST_CLIENTS, PATIENCE, Pages};

const ANY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Pages that are served, of a daemon whose health the test decides.
async fn pages() -> (SocketAddr, Health) {
    let health = Health::new();
    let metrics = Metrics::new(DateTime::UNIX_EPOCH, "0.1.0", "2026b");
    let pages = Pages::bind(ANY, metrics, health.clone()).await;
    let pages = pages.expect("a port of the system's choice is free");
    let address = pages.listener.local_addr().expect("it listens");
    tokio::spawn(pages.serve());
    (address, health)
}

async fn get(address: SocketAddr, request: &str) -> String {
    let mut client = TcpStream::connect(address).await.expect("it listens");
    client.write_all(request.as_bytes()).await.expect("it reads");
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.expect("it answers");
    answer
}

fn page(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

#[tokio::test]
async fn health_is_200_while_the_daemon_works_and_503_with_the_reason_while_it_does_not() {
    let (address, health) = pages().await;
    let answer = get(address, &page("/health")).await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    health.set(Component::Daemon, Ok(()));
    let answer = get(address, &page("/health")).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(answer.ends_with(r#"{"healthy":true,"wrong":{}}"#), "{answer}");
    health.set(Component::Store, Err("the disk of the store is full".to_owned()));
    let answer = get(address, &page("/health")).await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    let reason = r#"{"healthy":false,"wrong":{"store":"the disk of the store is full"}}"#;
    assert!(answer.ends_with(reason), "{answer}");
}

#[tokio::test]
async fn metrics_come_in_the_format_that_is_asked_for() {
    let (address, _) = pages().await;
    let older = get(address, &page("/metrics")).await;
    assert!(
        older.contains("content-type: text/plain; version=0.0.4"),
        "{older}"
    );
    assert!(!older.contains("# EOF"), "{older}");
    assert!(older.contains("\nlapsed_healthy 0\n"), "{older}");
    let accept = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept: application/openmetrics-text; version=1.0.0\r\n\r\n";
    let newer = get(address, accept).await;
    assert!(
        newer.contains("content-type: application/openmetrics-text"),
        "{newer}"
    );
    assert!(newer.ends_with("# EOF\n"), "{newer}");
}

#[tokio::test]
async fn nothing_else_is_served_and_nothing_is_changed() {
    let (address, _) = pages().await;
    assert!(
        get(address, &page("/etc/passwd"))
            .await
            .starts_with("HTTP/1.1 404 ")
    );
    let post = "POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n";
    assert!(get(address, post).await.starts_with("HTTP/1.1 405 "));
    let long = format!("GET /metrics HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(100_000));
    let mut client = TcpStream::connect(address).await.expect("it listens");
    // The refusal may come before all of it is sent.
    let _ = client.write_all(long.as_bytes()).await;
    let mut answer = [0; 12];
    let read = client.read(&mut answer).await.unwrap_or_default();
    assert!(read == 0 || answer.starts_with(b"HTTP/1.1 431"), "{answer:?}");
}

#[tokio::test]
async fn slow_clients_are_let_go_and_more_than_a_few_are_not_taken() {
    let (address, _) = pages().await;
    let began = Instant::now();
    let mut slow = Vec::new();
    for _ in 0..MOST_CLIENTS {
        let mut client = TcpStream::connect(address).await.expect("it listens");
        client
            .write_all(b"GET /metrics HTTP/1.1\r\nHost: ")
            .await
            .expect("it reads");
        slow.push(client);
    }
    let mut one_too_many = TcpStream::connect(address).await.expect("it listens");
    let mut nothing = Vec::new();
    let _ = one_too_many.write_all(page("/health").as_bytes()).await;
    assert!(matches!(
        one_too_many.read_to_end(&mut nothing).await,
        Ok(0) | Err(_)
    ));
    for client in &mut slow {
        let mut answer = Vec::new();
        let let_go = tokio::time::timeout(PATIENCE, client.read_to_end(&mut answer)).await;
        assert!(let_go.is_ok(), "a slow client keeps its place");
    }
    assert!(began.elapsed() < PATIENCE + Duration::from_secs(1));
    assert!(get(address, &page("/metrics")).await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn a_busy_address_is_refused_by_name() {
    let (address, health) = pages().await;
    let metrics = Metrics::new(DateTime::UNIX_EPOCH, "0.1.0", "2026b");
    let refused = Pages::bind(address, metrics, health)
        .await
        .err()
        .expect("it is taken");
    let sentence = refused.to_string();
    assert!(
        sentence.starts_with(&format!("cannot listen on {address}: another program")),
        "{sentence}"
    );
}
