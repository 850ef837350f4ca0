//! A connection to a host that may be called. Each request has its own: one that was kept open
//! may be closed by its peer at any moment, and then nobody knows whether the request arrived.

use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::http::fault::Fault;
use crate::http::hosts::Hosts;
use crate::http::limits::ADDRESSES_MAX;
use crate::http::tls::Tls;
use crate::http::uri::Target;

/// Bytes both ways.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send {}

impl<S: AsyncRead + AsyncWrite + Send> Stream for S {}

/// Connects; `wait` bounds name and address, `greeting` the TLS handshake.
pub(super) async fn connect(
    target: &Target,
    hosts: &Hosts,
    tls: &Tls,
    (wait, greeting): (Duration, Duration),
) -> Result<Pin<Box<dyn Stream>>, Fault> {
    let reached = timeout(wait, reach(target, hosts)).await;
    let stream = reached.map_err(|_| Fault::ConnectTimedOut(wait))??;
    if !target.is_tls {
        return Ok(Box::pin(stream));
    }
    let greeted = timeout(greeting, tls.greet(stream, &target.host)).await;
    Ok(Box::pin(greeted.map_err(|_| Fault::ReadTimedOut(greeting))??))
}

async fn reach(target: &Target, hosts: &Hosts) -> Result<TcpStream, Fault> {
    let named = (target.host.as_str(), target.port);
    let found: Vec<SocketAddr> =
        tokio::net::lookup_host(named).await.map_err(Fault::Resolve)?.collect();
    if found.is_empty() {
        return Err(Fault::NoAddress);
    }
    let admitted = found.into_iter().filter(|found| hosts.admit(&target.host, found.ip()));
    let mut last = Fault::Forbidden;
    for address in admitted.take(ADDRESSES_MAX) {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                // A request is written in one piece; it need not wait for more.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) => last = Fault::Connect(error),
        }
    }
    Err(last)
}
