//! A full disk makes the engine read-only, and space makes it go on, without anyone's doing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fermata_decider::Command;
use fermata_decider::command::{ReportedStatus, TaskUpdate};
use fermata_runtime::engine::{EngineError, PollRequest};
use fermata_runtime::shard::request::{Failure, Wait};
use fermata_storage::{
    Batch, CommitError, ModelStore, Page, ReadError, Row, RowKey, ScanRange, Store, SyncStats, View,
};
use fermata_types::{Payload, Position, RunStatus, Span, TaskNumber};
use serde_json::{Value, json};

use crate::server::Server;

/// A store that refuses all but what may use its reserve, while it is told to be full.
#[derive(Default)]
struct Tight {
    inner: ModelStore,
    is_full: AtomicBool,
}

impl Store for Tight {
    fn commit(&self, group: &[Batch]) -> Result<Position, CommitError> {
        if self.is_full() { Err(CommitError::StorageFull) } else { self.inner.commit(group) }
    }

    fn commit_from_reserve(&self, group: &[Batch]) -> Result<Position, CommitError> {
        self.inner.commit(group)
    }

    fn is_full(&self) -> bool {
        self.is_full.load(Ordering::SeqCst)
    }

    fn get(&self, key: &RowKey) -> Result<Option<Row>, ReadError> {
        self.inner.get(key)
    }

    fn scan(
        &self,
        range: &ScanRange,
        after: Option<&RowKey>,
        limit: usize,
    ) -> Result<Page, ReadError> {
        self.inner.scan(range, after, limit)
    }

    fn view(&self) -> Result<Box<dyn View>, ReadError> {
        self.inner.view()
    }

    fn position(&self) -> Position {
        self.inner.position()
    }

    fn sync_stats(&self) -> SyncStats {
        self.inner.sync_stats()
    }
}

fn simple() -> Value {
    json!({"name": "simple", "tasks": [{"name": "work", "taskReferenceName": "w",
        "type": "SIMPLE"}]})
}

fn poll() -> PollRequest {
    PollRequest {
        task_type: "work".to_owned(),
        domain: None,
        worker: None,
        count: 9,
        timeout: Duration::ZERO,
    }
}

fn completed() -> TaskUpdate {
    TaskUpdate {
        task: TaskNumber(1),
        status: ReportedStatus::Completed,
        output: Payload::empty_object(),
        reason: None,
        worker: None,
        callback_after: Span::ZERO,
        logs: Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_takes_in_what_makes_room_and_nothing_else() {
    let store = Arc::new(Tight::default());
    let server = Server::on(store.clone());
    let ended = server.start(simple(), None).await;
    let going = server.start(simple(), None).await;
    let removed = server.start(simple(), None).await;
    store.is_full.store(true, Ordering::SeqCst);

    let full = Err(EngineError::Failed(Failure::StorageFull));
    assert_eq!(server.try_start(simple()).await, full);
    assert!(server.engine.is_read_only());
    assert_eq!(server.try_start(simple()).await, full, "refused before it reaches its shard");
    let refused = server.engine.update(going, completed()).await.map(|_| removed);
    assert_eq!(refused, full, "a result is kept by its worker");
    assert!(server.engine.poll(&poll()).await.is_empty());
    assert_eq!(server.engine.read(ended).await.expect("reads").run.status, RunStatus::Running);
    let terminate = Command::Terminate { reason: None, triggers_failure_workflow: false };
    server.engine.command(ended, terminate, Wait::Quiet).await.expect("makes room");
    let status = server.engine.read(ended).await.expect("reads").run.status;
    assert_eq!(status, RunStatus::Terminated);
    server.engine.delete(removed).await.expect("makes room");

    store.is_full.store(false, Ordering::SeqCst);
    while server.engine.is_read_only() {
        tokio::task::yield_now().await;
    }
    assert_eq!(server.engine.poll(&poll()).await.len(), 1, "two of three are gone");
    server.engine.update(going, completed()).await.expect("taken");
    let status = server.engine.read(going).await.expect("reads").run.status;
    assert_eq!(status, RunStatus::Completed);
}
