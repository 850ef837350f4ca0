//! What comes over a real connection.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use fermata_api::Options;
use fermata_storage::ModelStore;
use fermata_storage::faults::{Fault, FaultyStore};
use tokio::net::TcpListener;

use crate::server::{BRIEFLY, SOON, Server, one_task};

/// Everything the server sends back until it closes the connection; none if it does not in time.
async fn exchange(server: &Server, request: &str, time: Duration) -> Option<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let serving = std::future::IntoFuture::into_future(axum::serve(listener, server.router()));
    let request = request.to_owned();
    let asking = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).expect("a connection");
        stream.set_read_timeout(Some(time)).expect("a timeout that is not zero");
        stream.write_all(request.as_bytes()).expect("written");
        let mut text = String::new();
        match stream.read_to_string(&mut text) {
            // A reset is as good as an end: what matters is what came before.
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => None,
            _ => Some(text),
        }
    });
    tokio::select! {
        text = asking => text.expect("no panic"),
        _ = serving => unreachable!("serving does not end"),
    }
}

const START: &str = "POST /api/workflow/wf HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\
    content-length: 2\r\n\r\n{}";

/// Design 2.8: not a byte of an answer when the outcome is unknown.
#[tokio::test]
async fn the_connection_closes_without_an_answer() {
    let store = Arc::new(FaultyStore::new(ModelStore::new()));
    let server = Server::over(store.clone(), Options::default());
    server.defined(&one_task("wf")).await;
    let text = exchange(&server, START, SOON).await.expect("an answer");
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
    store.fail_commit(store.commits(), Fault::UnknownAndLost);
    // The commit that fails ends the process of a real server; here, the ones after it tell.
    let text = loop {
        if let Some(text) = exchange(&server, START, BRIEFLY).await {
            break text;
        }
    };
    assert_eq!(text, "");
}

/// A body that says it is too large is refused before it is sent.
#[tokio::test]
async fn a_body_that_is_announced_too_large() {
    let server = Server::new();
    let request = "POST /api/workflow HTTP/1.1\r\nhost: h\r\ncontent-length: 99999999\r\n\r\n{";
    let text = exchange(&server, request, SOON).await.expect("the connection closes");
    assert!(text.starts_with("HTTP/1.1 413 "), "{text}");
}
