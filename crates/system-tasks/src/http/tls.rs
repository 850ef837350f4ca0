//! TLS with the roots that the machine trusts, read at the first request that needs them.

use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::http::fault::Fault;
use crate::http::lenient::Lenient;

/// What is needed to speak TLS.
#[derive(Default)]
pub(super) struct Tls {
    config: OnceCell<Arc<ClientConfig>>,
}

impl Tls {
    /// Greets a server of that name.
    pub(super) async fn greet(
        &self,
        stream: TcpStream,
        host: &str,
    ) -> Result<Lenient<TlsStream<TcpStream>>, Fault> {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| Fault::ServerName)?;
        let config = self.config.get_or_try_init(read_roots).await?;
        let greeted = TlsConnector::from(config.clone()).connect(name, stream).await;
        Ok(Lenient(greeted.map_err(Fault::Tls)?))
    }
}

async fn read_roots() -> Result<Arc<ClientConfig>, Fault> {
    // Reads files.
    let read = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs);
    let found = read.await.map_err(|_| Fault::NoRoots)?;
    let mut roots = RootCertStore::empty();
    let (known, unreadable) = roots.add_parsable_certificates(found.certs);
    if known == 0 {
        return Err(Fault::NoRoots);
    }
    tracing::info!(known, unreadable, "root certificates read");
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    Ok(Arc::new(config))
}
