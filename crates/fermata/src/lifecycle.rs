//! Start bottom up, stop top down.

use std::time::Duration;

use fermata_runtime::Engine;

/// Waits for SIGTERM or SIGINT.
pub async fn stop_asked() {
    use tokio::signal::unix::{SignalKind, signal};
    let terminate = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signals) => {
                signals.recv().await;
            }
            Err(error) => {
                tracing::warn!(%error, "cannot listen for SIGTERM");
                std::future::pending::<()>().await;
            }
        }
    };
    tokio::select! {
        () = terminate => tracing::info!("SIGTERM: draining"),
        _ = tokio::signal::ctrl_c() => tracing::info!("interrupt: draining"),
    }
}

/// Ends the engine; what it has accepted is durable when this returns in time.
pub async fn stop_engine(engine: &Engine, limit: Duration) {
    if tokio::time::timeout(limit, engine.stop()).await.is_err() {
        tracing::warn!("some requests were not finished in time; nothing acknowledged is lost");
    }
}
