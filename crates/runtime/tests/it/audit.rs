//! The audit finds what a lost row would leave waiting for ever, and nothing else.

use fermata_runtime::audit::{Audited, audit};
use fermata_storage::{Batch, Family, Row, Store, Write};
use fermata_types::{ShardEpoch, ShardId};
use serde_json::json;

use crate::retention::{noop, waiting};
use crate::server::Server;

fn found(server: &Server) -> (Audited, Vec<String>) {
    let mut findings = Vec::new();
    let audited = audit(&*server.store, &mut |finding| findings.push(finding.what));
    (audited.expect("a model store can be read"), findings)
}

fn lose(server: &Server, family: Family) {
    let rows = server.rows().into_iter().filter(|row| row.family() == family);
    let writes = rows.map(|row: Row| Write::Delete(row.key())).collect();
    let batch = Batch { shard: ShardId(0), epoch: ShardEpoch(u64::MAX), writes };
    server.store.commit(&[batch]).expect("a model store takes all");
}

#[tokio::test]
async fn runs_that_wait_for_something_are_well() {
    let server = Server::open();
    server.start(noop("done"), None).await;
    server.start(waiting("person"), None).await;
    server.start(simple("worker"), None).await;
    server.start(parent(), None).await;
    server.start(timed(), None).await;
    server.start(event(), None).await;
    server.start(delayed_start(), None).await;
    let (audited, findings) = found(&server);
    assert_eq!(findings, [""; 0]);
    assert_eq!(audited, Audited { runs: 8, open: 7, queued: 1 });
}

#[tokio::test]
async fn a_lost_queue_row_is_found() {
    let server = Server::open();
    server.start(simple("worker"), None).await;
    lose(&server, Family::Queue);
    let (_, findings) = found(&server);
    assert!(matches!(&findings[..], [one] if one.ends_with("of type worker is in no queue")));
}

#[tokio::test]
async fn a_lost_deadline_is_found() {
    let server = Server::open();
    server.start(timed(), None).await;
    lose(&server, Family::DueDeadline);
    let (_, findings) = found(&server);
    assert!(matches!(&findings[..], [one] if one.contains("no deadline row says so")));
}

#[tokio::test]
async fn a_lost_child_is_found() {
    let server = Server::open();
    let run = server.start(parent(), None).await;
    let tasks = server.engine.read(run).await.expect("is there").run.tasks.clone();
    let child = tasks.iter().find_map(fermata_decider::run::Task::child).expect("has begun");
    server.engine.delete(child).await.expect("is there");
    let (_, findings) = found(&server);
    assert!(matches!(&findings[..], [one] if one.ends_with("which does not exist")));
}

fn simple(name: &str) -> serde_json::Value {
    json!({"name": name, "tasks": [{"name": name, "taskReferenceName": "s", "type": "SIMPLE"}]})
}

fn timed() -> serde_json::Value {
    json!({"name": "timed", "tasks": [{"name": "w", "taskReferenceName": "w", "type": "WAIT",
        "inputParameters": {"duration": "1 hour"}}]})
}

/// Published, and completed by someone else.
fn event() -> serde_json::Value {
    json!({"name": "event", "tasks": [{"name": "e", "taskReferenceName": "e", "type": "EVENT",
        "sink": "conductor:told", "asyncComplete": true}]})
}

fn delayed_start() -> serde_json::Value {
    json!({"name": "delayed", "tasks": [{"name": "s", "taskReferenceName": "s",
        "type": "START_WORKFLOW", "startDelay": 3600,
        "inputParameters": {"startWorkflow": {"name": "other"}}}]})
}

fn parent() -> serde_json::Value {
    json!({"name": "parent", "tasks": [{"name": "s", "taskReferenceName": "s",
        "type": "SUB_WORKFLOW",
        "subWorkflowParam": {"name": "child", "workflowDefinition": waiting("child")}}]})
}
