//! One GET from a server, its body handed on as it comes.

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1;
use hyper::header::HOST;
use hyper::{Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Bytes of an error's body that are shown.
const SHOWN: usize = 300;

/// Why nothing, or not all, was received.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// The address is no plain `http://host:port`.
    #[error("`{0}` is not of the form http://host:port")]
    Address(String),
    /// Nobody answers there.
    #[error("cannot reach {address}")]
    Connect {
        /// Where.
        address: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The connection broke.
    #[error("the connection failed")]
    Http(#[from] hyper::Error),
    /// The server refuses.
    #[error("the server answers {status}: {text}")]
    Refused {
        /// Its status.
        status: StatusCode,
        /// The beginning of what it says.
        text: String,
    },
    /// What came could not be kept.
    #[error("cannot write what was received")]
    Write(#[source] std::io::Error),
}

/// Fetches a path from a server, giving each piece to `keep`.
///
/// # Errors
/// See [`DownloadError`].
pub fn get(
    server: &str,
    path: &str,
    keep: &mut dyn FnMut(&[u8]) -> std::io::Result<()>,
) -> Result<(), DownloadError> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().map_err(DownloadError::Write)?;
    runtime.block_on(fetch(server, path, keep))
}

#[expect(clippy::disallowed_methods, reason = "drives the one connection, and ends with it")]
async fn fetch(
    server: &str,
    path: &str,
    keep: &mut dyn FnMut(&[u8]) -> std::io::Result<()>,
) -> Result<(), DownloadError> {
    let wrong = || DownloadError::Address(server.to_owned());
    let base: Uri = server.parse().map_err(|_| wrong())?;
    let host = base.host().filter(|_| base.scheme_str() == Some("http")).ok_or_else(wrong)?;
    let address = format!("{host}:{}", base.port_u16().unwrap_or(80));
    let stream = TcpStream::connect(&address).await;
    let stream =
        stream.map_err(|source| DownloadError::Connect { address: address.clone(), source })?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::get(path).header(HOST, address).body(Empty::<Bytes>::new());
    let mut response = sender.send_request(request.map_err(|_| wrong())?).await?;
    let status = response.status();
    let mut refusal = Vec::new();
    while let Some(frame) = response.frame().await {
        let Ok(piece) = frame?.into_data() else { continue };
        if status == StatusCode::OK {
            keep(&piece).map_err(DownloadError::Write)?;
        } else if refusal.len() < SHOWN {
            refusal.extend_from_slice(&piece);
        }
    }
    if status == StatusCode::OK {
        return Ok(());
    }
    refusal.truncate(SHOWN);
    let text = String::from_utf8_lossy(&refusal).into_owned();
    Err(DownloadError::Refused { status, text })
}
