//! A server on loopback that answers what it is told, byte for byte, and keeps what it was sent.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use fermata_runtime::tasks::TaskSet;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// How the peer ends its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It closes the connection.
    Close,
    /// It says no more and holds the connection.
    Silence,
}

/// A server on loopback.
pub struct Peer {
    pub address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    tasks: TaskSet,
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.tasks.abort_all();
    }
}

impl Peer {
    /// Gives these answers, one a connection; the last one to all that follow.
    pub async fn new(answers: Vec<(Vec<u8>, End)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port of loopback");
        let address = listener.local_addr().expect("an address");
        let requests = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = TaskSet::default();
        let seen = Arc::clone(&requests);
        tasks.spawn("peer", async move {
            let mut served = TaskSet::default();
            for at in 0.. {
                let Ok((stream, _)) = listener.accept().await else { return };
                let answer = answers.get(at).or(answers.last()).cloned().expect("an answer");
                served.spawn("connection", serve(stream, answer, Arc::clone(&seen)));
            }
        });
        Self { address, requests, tasks }
    }

    /// Gives this answer to everyone.
    pub async fn always(status: &str, headers: &str, body: &str) -> Self {
        let length = body.len();
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{headers}\r\n");
        Self::new(vec![((head + body).into_bytes(), End::Close)]).await
    }

    /// A URI of this peer.
    pub fn uri(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The requests so far, head and body.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("no test panics here").clone()
    }
}

async fn serve(
    mut stream: TcpStream,
    (answer, end): (Vec<u8>, End),
    seen: Arc<Mutex<Vec<String>>>,
) {
    let request = request(&mut stream).await;
    seen.lock().expect("no test panics here").push(request);
    // The other side may have heard enough.
    let _ = stream.write_all(&answer).await;
    if end == End::Silence {
        std::future::pending::<()>().await;
    }
}

/// Head and body of a request.
async fn request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
            });
            if body.len() >= length.unwrap_or(0) {
                return text;
            }
        }
        // The greeting of TLS: whoever sends it waits for an answer.
        if bytes.starts_with(&[0x16]) {
            return String::new();
        }
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return text,
            Ok(read) => bytes.extend(buffer.iter().take(read)),
        }
    }
}
