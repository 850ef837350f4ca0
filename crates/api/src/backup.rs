//! `GET /api/admin/backup`: everything that is durable at this moment, as one file
//! (`docs/formats/backup.md`), sent while it is read and while the server goes on.

use std::io;

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use bytes::Bytes;
use fermata_runtime::engine::BackupSource;
use http_body_util::channel::{Channel, Sender};

use crate::answer::Answer;
use crate::error::ApiError;
use crate::state::App;

/// Begins a backup. An error once the first bytes have left cuts the connection; what arrived then
/// has no end, and no restore takes it.
#[expect(clippy::disallowed_methods, reason = "ends with its answer: nobody takes what it sends")]
pub(crate) async fn backup(State(app): State<App>) -> Answer {
    let engine = app.engine.clone();
    let begun = tokio::task::spawn_blocking(move || engine.backup()).await;
    let source = match begun {
        Ok(Ok(source)) => source,
        Ok(Err(error)) => return Err(ApiError::Internal(error.to_string())),
        Err(error) => return Err(ApiError::Internal(error.to_string())),
    };
    let (sender, body) = Channel::<Bytes, io::Error>::new(1);
    tokio::spawn(send(sender, source));
    let mut response = Response::new(Body::new(body));
    let kind = HeaderValue::from_static("application/octet-stream");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    Ok(response)
}

async fn send(mut sender: Sender<Bytes, io::Error>, mut source: BackupSource) {
    loop {
        let read = tokio::task::spawn_blocking(move || (source.next_piece(), source)).await;
        let Ok((piece, back)) = read else {
            sender.abort(io::Error::other("a piece cannot be read"));
            return;
        };
        source = back;
        match piece {
            Ok(Some(piece)) => {
                if sender.send_data(Bytes::from(piece)).await.is_err() {
                    return;
                }
            }
            Ok(None) => {
                tracing::info!(rows = source.rows(), "a backup was sent");
                return;
            }
            Err(error) => {
                tracing::error!(%error, "a backup is cut off");
                sender.abort(io::Error::other(error));
                return;
            }
        }
    }
}
