//! One HTTP/1.1 connection as one logical client.
//!
//! The connection is driven inside the caller's own task: no task per connection, no channel
//! between threads, no pool. That keeps the generator's share of the machine small.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use anyhow::{Context, bail};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Method, Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Bytes of an answer that are read before giving up: a run of 100,000 tasks fits several times.
const ANSWER_BYTES_MAX: usize = 1 << 30;

/// How long any answer may take, beside the time that a long poll asked for.
pub(crate) const ANSWER_WAIT_MAX: Duration = Duration::from_secs(30);

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The server under load: where to connect, and what its paths begin with.
#[derive(Debug)]
pub(crate) struct Target {
    authority: String,
    host: HeaderValue,
    prefix: String,
}

impl Target {
    /// Reads a base URL; a trailing `/` or `/api` is dropped, since SDKs are given either form.
    pub(crate) fn parse(url: &str) -> anyhow::Result<Self> {
        let uri: Uri = url.parse().with_context(|| format!("not a URL: {url}"))?;
        if uri.scheme_str() != Some("http") {
            bail!("only http:// URLs are supported: {url}");
        }
        let host = uri.host().with_context(|| format!("no host in {url}"))?;
        let port = uri.port_u16().unwrap_or(80);
        let path = uri.path().trim_end_matches('/');
        Ok(Self {
            authority: format!("{host}:{port}"),
            host: HeaderValue::from_str(&format!("{host}:{port}"))?,
            prefix: path.strip_suffix("/api").unwrap_or(path).to_owned(),
        })
    }

    /// The request target of a path that starts with `/`.
    pub(crate) fn uri(&self, path: &str) -> anyhow::Result<Uri> {
        format!("{}{path}", self.prefix).parse().with_context(|| format!("not a path: {path}"))
    }
}

/// Status and whole body of an answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
}

impl Answer {
    /// The answer itself if its status is 200 or 204, else an error that quotes the body.
    pub(crate) fn accepted(self) -> anyhow::Result<Self> {
        if self.status == StatusCode::OK || self.status == StatusCode::NO_CONTENT {
            return Ok(self);
        }
        let text: String = String::from_utf8_lossy(&self.body).chars().take(300).collect();
        bail!("status {}: {text}", self.status.as_u16())
    }

    /// The body as text.
    pub(crate) fn text(&self) -> anyhow::Result<&str> {
        Ok(std::str::from_utf8(&self.body)?)
    }
}

type Connection = http1::Connection<TokioIo<TcpStream>, Full<Bytes>>;

/// An open connection and the handle that sends on it.
struct Line {
    sender: http1::SendRequest<Full<Bytes>>,
    connection: Pin<Box<Connection>>,
    ended: bool,
}

impl Line {
    async fn connect(target: &Target) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(&target.authority)
            .await
            .with_context(|| format!("cannot connect to {}", target.authority))?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        Ok(Self { sender, connection: Box::pin(connection), ended: false })
    }

    async fn exchange(&mut self, request: Request<Full<Bytes>>) -> anyhow::Result<Answer> {
        let Self { sender, connection, ended } = self;
        let response = drive(connection, ended, sender.send_request(request)).await?;
        let status = response.status();
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect();
        let body = drive(connection, ended, body)
            .await
            .map_err(|error| anyhow::anyhow!("the body broke off: {error}"))?
            .to_bytes();
        Ok(Answer { status, body })
    }

    /// The line itself if another request may be sent on it.
    async fn ready(mut self) -> Option<Self> {
        let Self { sender, connection, ended } = &mut self;
        let is_ready = !*ended && drive(connection, ended, sender.ready()).await.is_ok();
        // The other side may have closed it in the meantime, which the drive above has seen.
        (is_ready && !self.ended).then_some(self)
    }
}

/// Waits for `work` while the connection it depends on makes progress in the same task.
async fn drive<W: Future>(
    connection: &mut Pin<Box<Connection>>,
    ended: &mut bool,
    work: W,
) -> W::Output {
    let mut work = pin!(work);
    poll_fn(|cx| {
        // A connection must not be polled after its end; what it already received still arrives.
        if !*ended && connection.as_mut().poll(cx).is_ready() {
            *ended = true;
        }
        match work.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(output),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// A client with one keep-alive connection, opened when first needed and after a failure.
pub(crate) struct Client {
    target: Arc<Target>,
    line: Option<Line>,
}

impl Client {
    pub(crate) fn new(target: Arc<Target>) -> Self {
        Self { target, line: None }
    }

    /// Sends a GET; `patience` is added to the time any answer may take.
    pub(crate) async fn get(&mut self, uri: &Uri, patience: Duration) -> anyhow::Result<Answer> {
        self.send(Method::GET, uri, Bytes::new(), patience).await
    }

    /// Sends a POST with a JSON body.
    pub(crate) async fn post(&mut self, uri: &Uri, body: Bytes) -> anyhow::Result<Answer> {
        self.send(Method::POST, uri, body, Duration::ZERO).await
    }

    /// Sends a DELETE.
    pub(crate) async fn delete(&mut self, uri: &Uri) -> anyhow::Result<Answer> {
        self.send(Method::DELETE, uri, Bytes::new(), Duration::ZERO).await
    }

    /// Sends a PUT with a JSON body.
    pub(crate) async fn put(&mut self, uri: &Uri, body: Bytes) -> anyhow::Result<Answer> {
        self.send(Method::PUT, uri, body, Duration::ZERO).await
    }

    /// Nothing is ever sent twice: a request that failed halfway may have had its effect.
    async fn send(
        &mut self,
        method: Method,
        uri: &Uri,
        body: Bytes,
        patience: Duration,
    ) -> anyhow::Result<Answer> {
        let mut request = Request::new(Full::new(body));
        let has_body = method != Method::GET && method != Method::DELETE;
        *request.method_mut() = method;
        *request.uri_mut() = uri.clone();
        request.headers_mut().insert(HOST, self.target.host.clone());
        if has_body {
            request.headers_mut().insert(CONTENT_TYPE, JSON);
        }
        // The line is kept only if its answer came: after a timeout the next answer on it would
        // belong to this request.
        let line = self.line.take();
        let exchange = async {
            let ready = match line {
                Some(line) => line.ready().await,
                None => None,
            };
            let mut line = match ready {
                Some(line) => line,
                None => Line::connect(&self.target).await?,
            };
            let answer = line.exchange(request).await?;
            anyhow::Ok((line, answer))
        };
        let (line, answer) = tokio::time::timeout(ANSWER_WAIT_MAX + patience, exchange)
            .await
            .context("no answer in time")??;
        self.line = Some(line);
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream as Peer};
    use std::thread::{self, JoinHandle};

    use super::*;

    /// Answers each connection's requests with its own list of raw answers, then closes it;
    /// returns the head lines it was sent, one list per connection.
    fn serve(listener: &TcpListener, script: Vec<Vec<&'static str>>) -> Vec<Vec<String>> {
        let mut seen = Vec::new();
        for answers in script {
            let (mut stream, _) = listener.accept().expect("a connection");
            let mut heads = Vec::new();
            for answer in answers {
                heads.push(read_head(&mut stream));
                stream.write_all(answer.as_bytes()).expect("it is open");
            }
            seen.push(heads);
        }
        seen
    }

    fn play(listener: TcpListener, script: Vec<Vec<&'static str>>) -> JoinHandle<Vec<Vec<String>>> {
        thread::spawn(move || serve(&listener, script))
    }

    /// Reads one request; bodies in these tests are `{}`.
    fn read_head(stream: &mut Peer) -> String {
        let mut read = Vec::new();
        let is_whole = |read: &[u8]| {
            let is_post = read.starts_with(b"POST");
            read.ends_with(if is_post { b"\r\n\r\n{}" } else { b"\r\n\r\n" })
        };
        while !is_whole(&read) {
            let mut byte = [0];
            stream.read_exact(&mut byte).expect("the rest of the request");
            read.extend(byte);
        }
        String::from_utf8(read).expect("text")
    }

    fn listen() -> (TcpListener, Arc<Target>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let target = Target::parse(&format!("http://{address}/api/")).expect("a URL");
        (listener, Arc::new(target))
    }

    #[tokio::test]
    async fn a_connection_is_kept_and_replaced_when_the_server_closes_it() {
        let (listener, target) = listen();
        let script = vec![
            vec![
                "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nrun-1",
                "HTTP/1.1 204 No Content\r\n\r\n",
            ],
            vec!["HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nuntil the end"],
        ];
        let server = play(listener, script);
        let mut client = Client::new(Arc::clone(&target));
        let start = target.uri("/api/workflow/w?version=1").expect("a path");
        let answer = client.post(&start, Bytes::from_static(b"{}")).await.expect("an answer");
        assert_eq!(answer.text().expect("text"), "run-1");
        let poll = target.uri("/api/tasks/poll/t").expect("a path");
        let answer = client.get(&poll, Duration::ZERO).await.expect("an answer");
        assert_eq!(answer.accepted().expect("204 is fine").status, StatusCode::NO_CONTENT);
        // The close may be seen only when sending; then the call fails and the next one connects.
        let answer = match client.get(&poll, Duration::ZERO).await {
            Ok(answer) => answer,
            Err(_) => client.get(&poll, Duration::ZERO).await.expect("a new connection"),
        };
        assert_eq!(answer.text().expect("text"), "until the end");

        let seen = server.join().expect("the script is played");
        let first = seen.first().and_then(|heads| heads.first()).expect("a request");
        assert!(first.starts_with("POST /api/workflow/w?version=1 HTTP/1.1\r\n"), "{first}");
        assert!(first.contains("content-type: application/json\r\n"), "{first}");
        assert!(first.contains("host: 127.0.0.1:"), "{first}");
        assert_eq!(seen.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
    }

    #[tokio::test]
    async fn a_refusal_quotes_what_the_server_said() {
        let (listener, target) = listen();
        let answer = "HTTP/1.1 404 Not Found\r\ncontent-length: 7\r\n\r\nno such";
        let server = play(listener, vec![vec![answer]]);
        let mut client = Client::new(Arc::clone(&target));
        let uri = target.uri("/api/nothing").expect("a path");
        let answer = client.get(&uri, Duration::ZERO).await.expect("an answer");
        let refusal = answer.accepted().expect_err("404 is not accepted").to_string();
        assert_eq!(refusal, "status 404: no such");
        server.join().expect("the script is played");
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_an_error() {
        let (listener, target) = listen();
        let answer = "HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhalf";
        let server = play(listener, vec![vec![answer]]);
        let mut client = Client::new(Arc::clone(&target));
        let uri = target.uri("/api/version").expect("a path");
        assert!(client.get(&uri, Duration::ZERO).await.is_err());
        server.join().expect("the script is played");
    }

    #[test]
    fn base_urls_come_in_several_forms() {
        for (url, path) in [
            ("http://h:1", "/api/version"),
            ("http://h:1/", "/api/version"),
            ("http://h:1/api", "/api/version"),
            ("http://h:1/base/api/", "/base/api/version"),
        ] {
            let target = Target::parse(url).expect("a URL");
            assert_eq!(target.authority, "h:1");
            assert_eq!(target.uri("/api/version").expect("a path"), path);
        }
        assert_eq!(Target::parse("http://h").expect("a URL").authority, "h:80");
        for url in ["https://h", "h:1", "", "http://"] {
            assert!(Target::parse(url).is_err(), "{url:?} was accepted");
        }
    }
}
