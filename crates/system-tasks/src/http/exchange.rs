//! One request, one answer.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, HOST, HeaderValue, USER_AGENT};
use hyper::{HeaderMap, Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::time::timeout;

use crate::http::connect;
use crate::http::fault::Fault;
use crate::http::hosts::Hosts;
use crate::http::input::Asked;
use crate::http::limits::{ANSWER_BODY_MAX, ANSWER_HEAD_MAX, ANSWER_HEADERS_MAX, EXCHANGE_MAX};
use crate::http::tls::Tls;

/// Who asks, where the input does not say.
const AGENT: &str = concat!("fermata/", env!("CARGO_PKG_VERSION"));
/// Bytes of a request's body that may take a second more.
const BODY_PER_SECOND: usize = 1 << 20;

/// What came back.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// Makes the request. Redirects are answers like any other.
pub(super) async fn exchange(asked: Asked, hosts: &Hosts, tls: &Tls) -> Result<Answered, Fault> {
    let limit = EXCHANGE_MAX.max(asked.connect.saturating_add(asked.read));
    timeout(limit, unbounded(asked, hosts, tls)).await.map_err(|_| Fault::TooSlow(limit))?
}

async fn unbounded(asked: Asked, hosts: &Hosts, tls: &Tls) -> Result<Answered, Fault> {
    let waits = (asked.connect, asked.read);
    let stream = connect::connect(&asked.target, hosts, tls, waits).await?;
    let mut builder = http1::Builder::new();
    builder.max_buf_size(ANSWER_HEAD_MAX).max_headers(ANSWER_HEADERS_MAX);
    let (mut sender, connection) =
        builder.handshake(TokioIo::new(stream)).await.map_err(Fault::Broken)?;
    let mut driven = Driven { connection: pin!(connection), has_ended: false };
    let sending = u64::try_from(asked.body.len() / BODY_PER_SECOND).unwrap_or(0);
    let head = asked.read.saturating_add(Duration::from_secs(sending));
    let read = asked.read;
    let request = request(asked)?;
    let answer = driven.beside(sender.send_request(request));
    let answer = timeout(head, answer).await.map_err(|_| Fault::ReadTimedOut(read))?;
    let (parts, mut body) = answer.map_err(broken)?.into_parts();
    let head: usize =
        parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if head > ANSWER_HEAD_MAX || parts.headers.len() > ANSWER_HEADERS_MAX {
        return Err(Fault::TooManyHeaders);
    }
    let mut bytes = Vec::new();
    loop {
        let frame = timeout(read, driven.beside(body.frame())).await;
        let Some(frame) = frame.map_err(|_| Fault::ReadTimedOut(read))? else { break };
        let Ok(data) = frame.map_err(broken)?.into_data() else { continue };
        if bytes.len() + data.len() > ANSWER_BODY_MAX {
            return Err(Fault::TooLarge);
        }
        bytes.extend_from_slice(&data);
    }
    Ok(Answered { status: parts.status, headers: parts.headers, body: bytes })
}

fn request(asked: Asked) -> Result<Request<Full<Bytes>>, Fault> {
    let unusable = |_| Fault::ServerName;
    let mut request = Request::new(Full::new(Bytes::from(asked.body)));
    *request.method_mut() = asked.method;
    *request.uri_mut() = asked.target.path.parse().map_err(|_| Fault::ServerName)?;
    let mut headers = asked.headers;
    let host = HeaderValue::from_str(&asked.target.authority).map_err(unusable)?;
    headers.insert(HOST, host);
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    headers.entry(USER_AGENT).or_insert(HeaderValue::from_static(AGENT));
    *request.headers_mut() = headers;
    Ok(request)
}

fn broken(error: hyper::Error) -> Fault {
    if error.is_parse_too_large() { Fault::TooManyHeaders } else { Fault::Broken(error) }
}

/// A connection that moves while something else is waited for.
struct Driven<'a, C> {
    connection: std::pin::Pin<&'a mut C>,
    has_ended: bool,
}

impl<C: Future> Driven<'_, C> {
    async fn beside<T>(&mut self, wanted: impl Future<Output = T>) -> T {
        let mut wanted = pin!(wanted);
        if !self.has_ended {
            tokio::select! {
                biased;
                found = &mut wanted => return found,
                _ = self.connection.as_mut() => self.has_ended = true,
            }
        }
        // What came before the connection ended is there, and so is its error.
        wanted.await
    }
}
