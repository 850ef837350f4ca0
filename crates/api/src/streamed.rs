//! Answers that show all tasks of a run, sent while they are made: whatever the number of tasks,
//! what is in memory is one page of them. The run goes on meanwhile; what is shown is the moment
//! of the read (design 4).

use std::io;

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use fermata_runtime::engine::RunView;
use fermata_types::Timestamp;
use http_body_util::channel::{Channel, Sender};
use serde::Serialize;

use crate::answer::{self, Answer};
use crate::state::App;
use crate::views::task::Shown;

/// Runs with at most so many tasks are answered in one piece.
pub(crate) const WHOLE_TASKS_MAX: usize = 64;
/// Tasks of a page at most.
const PAGE_TASKS: usize = 256;
/// Bytes after which a page ends before it has that many tasks.
const PAGE_BYTES: usize = 64 << 10;
/// What an empty list of tasks looks like in an answer.
const NO_TASKS: &[u8] = b"\"tasks\":[]";

/// Where the list of tasks stands in an answer. Inside a JSON text a quote is never bare, so only
/// a payload can hold bytes that look like it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place {
    /// Before all payloads.
    BeforePayloads,
    /// After all payloads.
    AfterPayloads,
}

/// 200 with an answer whose list of tasks is empty so far, and the run's tasks in that place. An
/// error once the first bytes have left cuts the connection.
#[expect(clippy::disallowed_methods, reason = "ends with its answer: nobody takes what it sends")]
pub(crate) fn with_tasks(
    app: &App,
    view: &RunView,
    shell: &impl Serialize,
    place: Place,
) -> Answer {
    let shell = serde_json::to_vec(shell).map_err(|error| {
        crate::error::ApiError::Internal(format!("an answer cannot be written as JSON: {error}"))
    })?;
    let Some(at) = find(&shell, place) else { return answer::raw_json(shell) };
    let shell = Bytes::from(shell);
    // The list's closing bracket goes with what follows it.
    let (before, after) = (shell.slice(..at), shell.slice(at..));
    let (sender, body) = Channel::<Bytes, io::Error>::new(1);
    let pages = Pages { app: app.clone(), view: view.clone(), now: app.engine.now() };
    tokio::spawn(send(sender, pages, before, after));
    let mut response = Response::new(Body::new(body));
    *response.status_mut() = StatusCode::OK;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

/// The place inside the brackets of the list of tasks.
fn find(shell: &[u8], place: Place) -> Option<usize> {
    let mut windows = shell.windows(NO_TASKS.len());
    let at = match place {
        Place::BeforePayloads => windows.position(|window| window == NO_TASKS),
        Place::AfterPayloads => windows.rposition(|window| window == NO_TASKS),
    };
    at.map(|at| at + NO_TASKS.len() - 1)
}

/// What pages are made from.
#[derive(Clone)]
struct Pages {
    app: App,
    view: RunView,
    now: Timestamp,
}

/// Some tasks as they stand in the list, and which comes next.
struct Page {
    bytes: Vec<u8>,
    next: usize,
}

impl Pages {
    /// The page that begins with that task. Reads the store.
    fn page(&self, first: usize) -> io::Result<Page> {
        let run = &self.view.run;
        let texts = self.app.texts.of(&run.definition);
        let limits = self.app.engine.payload_limits();
        let shown = Shown { run, texts: &texts, limits, now: self.now };
        let (mut bytes, mut next) = (Vec::with_capacity(PAGE_BYTES), first);
        while next < first + PAGE_TASKS && bytes.len() < PAGE_BYTES {
            let Some(task) = run.tasks.get(next) else { break };
            if next > 0 {
                bytes.push(b',');
            }
            serde_json::to_writer(&mut bytes, &shown.read(&self.view, task))?;
            next += 1;
        }
        match self.view.has_failed() {
            true => Err(io::Error::other("a payload of the run cannot be read")),
            false => Ok(Page { bytes, next }),
        }
    }
}

async fn send(mut sender: Sender<Bytes, io::Error>, pages: Pages, before: Bytes, after: Bytes) {
    if sender.send_data(before).await.is_err() {
        return;
    }
    let run = pages.view.run.id;
    let (mut next, all) = (0, pages.view.run.tasks.len());
    while next < all {
        let pages = pages.clone();
        // Pages are made where blocking is allowed, and nobody waits there for a slow reader.
        let page = tokio::task::spawn_blocking(move || pages.page(next)).await;
        match page.unwrap_or_else(|_| Err(io::Error::other("a page cannot be made"))) {
            Ok(page) => {
                next = page.next;
                if sender.send_data(Bytes::from(page.bytes)).await.is_err() {
                    return;
                }
            }
            Err(error) => {
                tracing::error!(%run, %error, "an answer is cut off");
                sender.abort(error);
                return;
            }
        }
    }
    let _ = sender.send_data(after).await;
}
