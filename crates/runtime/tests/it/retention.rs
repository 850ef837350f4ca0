//! Retention through the engine: what has ended long enough ago goes with all its rows, and
//! nothing else does.

use std::sync::{Arc, Mutex};

use fermata_decider::Command;
use fermata_runtime::engine::RunView;
use fermata_runtime::retention::{Archive, Retention, Rules};
use fermata_runtime::shard::request::Wait;
use fermata_storage::Row;
use fermata_types::{RunId, RunStatus, Timestamp};
use serde_json::{Value, json};

use crate::server::Server;

/// An archive that remembers, or refuses.
#[derive(Default)]
struct Shelf {
    kept: Mutex<Vec<RunId>>,
    is_full: bool,
}
impl Archive for Shelf {
    fn keep(&self, runs: Vec<RunView>) -> std::io::Result<()> {
        if self.is_full {
            return Err(std::io::ErrorKind::StorageFull.into());
        }
        let mut kept = self.kept.lock().expect("no test panics with it");
        kept.extend(runs.iter().map(|view| view.run.id));
        Ok(())
    }
}

async fn sweep(server: &Server, rules: &[&str], shelf: Arc<Shelf>) -> usize {
    let rules = Rules(rules.iter().map(|rule| rule.parse().expect("a rule")).collect());
    Retention::new(server.engine.clone(), rules, shelf).sweep_due().await
}

pub fn noop(name: &str) -> Value {
    json!({"name": name, "tasks": [{"name": "n", "taskReferenceName": "n", "type": "NOOP"}]})
}

pub fn waiting(name: &str) -> Value {
    json!({"name": name, "tasks": [{"name": "h", "taskReferenceName": "h", "type": "HUMAN"}]})
}

fn family(name: &str) -> Value {
    json!({"name": name, "tasks": [{"name": "s", "taskReferenceName": "s", "type": "SUB_WORKFLOW",
        "subWorkflowParam": {"name": "child", "workflowDefinition": noop("child")}}]})
}

#[tokio::test]
async fn old_runs_go_with_all_their_rows_and_others_stay() {
    let server = Server::open();
    let open = server.start(waiting("open"), None).await;
    let rows_of_open = server.rows();
    let old = server.start(noop("old"), None).await;
    let parent = server.start(family("parent"), None).await;
    server.wait_hours(2);
    let young = server.start(noop("young"), None).await;
    assert_eq!(
        sweep(&server, &["age=1h"], Arc::default()).await,
        2,
        "two roots; the child goes unasked"
    );
    assert!(server.exists(open).await && server.exists(young).await);
    assert!(!server.exists(old).await && !server.exists(parent).await);

    server.wait_hours(2);
    assert_eq!(sweep(&server, &["age=1h"], Arc::default()).await, 1);
    assert_eq!(server.rows(), rows_of_open, "nothing else is left");
}

#[tokio::test]
async fn children_of_iterations_that_a_loop_has_dropped_go_too() {
    let server = Server::open();
    let child = json!({"name": "s", "taskReferenceName": "s", "type": "SUB_WORKFLOW",
        "subWorkflowParam": {"name": "child", "workflowDefinition": noop("child")}});
    let looped = json!({"name": "looped", "tasks": [{"name": "d", "taskReferenceName": "d",
        "type": "DO_WHILE", "loopCondition": "$.d['iteration'] < 5", "keepLastN": 1,
        "loopOver": [child]}]});
    let run = server.start(looped, None).await;
    let view = server.engine.read(run).await.expect("is there");
    assert_eq!(view.run.status, RunStatus::Completed);
    server.wait_hours(2);
    let shelf: Arc<Shelf> = Arc::default();
    assert_eq!(sweep(&server, &["age=1h,then=archive"], shelf.clone()).await, 1);
    assert_eq!(server.rows(), [], "five children are gone as well");
    assert_eq!(shelf.kept.lock().expect("unharmed").len(), 6, "and all are in the archive");
}

#[tokio::test]
async fn rules_choose_by_status_and_definition() {
    let server = Server::open();
    let completed = server.start(noop("a"), None).await;
    let terminated = server.start(waiting("b"), None).await;
    let terminate = Command::Terminate { reason: None, triggers_failure_workflow: false };
    server.engine.command(terminated, terminate, Wait::Quiet).await.expect("open");
    server.wait_hours(2);
    assert_eq!(sweep(&server, &["age=1h,status=FAILED"], Arc::default()).await, 0);
    assert_eq!(sweep(&server, &["age=1h,definition=b"], Arc::default()).await, 1);
    assert!(server.exists(completed).await && !server.exists(terminated).await);
}

#[tokio::test]
async fn an_idempotency_key_outlives_its_run_for_seven_days() {
    let server = Server::open();
    let first = server.start(noop("keyed"), Some("k")).await;
    server.wait_hours(2);
    assert_eq!(sweep(&server, &["age=1h"], Arc::default()).await, 1);
    assert_eq!(server.start(noop("keyed"), Some("k")).await, first, "the key is still taken");
    server.wait_hours(8 * 24);
    assert_eq!(sweep(&server, &["age=1h"], Arc::default()).await, 1, "the key itself");
    assert_eq!(server.rows(), []);
    let second = server.start(noop("keyed"), Some("k")).await;
    assert_ne!(second, first);
    server.wait_hours(2);
    server.engine.delete(second).await.expect("is there");
    server.start(noop("keyed"), Some("k")).await;
    server.wait_hours(8 * 24);
    let third = server.start(noop("keyed"), Some("k")).await;
    assert_eq!(sweep(&server, &["age=1h"], Arc::default()).await, 1, "the second run's leftover");
    assert!(server.exists(third).await, "a key that a new run has taken is the new run's");
    assert_eq!(server.start(noop("keyed"), Some("k")).await, third);
}

#[tokio::test]
async fn a_key_that_a_later_run_has_taken_stays_with_that_run() {
    let server = Server::open();
    let first = server.start(noop("keyed"), Some("k")).await;
    let second = server.start_unless_running(waiting("keyed"), "k").await;
    assert_ne!(first, second, "the first has ended");
    server.wait_hours(8 * 24);
    assert_eq!(sweep(&server, &["age=1h"], Arc::default()).await, 1, "the first run");
    assert_eq!(server.start(waiting("keyed"), Some("k")).await, second, "still taken");
}

#[tokio::test]
async fn a_child_that_outlives_its_removed_parent_goes_later() {
    let server = Server::open();
    let child = json!({"name": "s", "taskReferenceName": "s", "type": "SUB_WORKFLOW",
        "subWorkflowParam": {"name": "child", "workflowDefinition": waiting("child")}});
    let run = server.start(json!({"name": "parent", "tasks": [child]}), None).await;
    let tasks = server.engine.read(run).await.expect("is there").run.tasks.clone();
    let child = tasks.iter().find_map(fermata_decider::run::Task::child).expect("has begun");
    server.engine.delete(run).await.expect("is there");
    server.wait_hours(2);
    sweep(&server, &["age=1h"], Arc::default()).await;
    assert!(server.exists(child).await, "open runs are never touched");
    let terminate = Command::Terminate { reason: None, triggers_failure_workflow: false };
    server.engine.command(child, terminate, Wait::Quiet).await.expect("open");
    server.wait_hours(2);
    sweep(&server, &["age=1h"], Arc::default()).await;
    server.wait_hours(2);
    sweep(&server, &["age=1h"], Arc::default()).await;
    assert!(!server.exists(child).await);
    assert_eq!(server.rows(), []);
}

#[tokio::test]
async fn what_the_archive_refuses_is_not_deleted() {
    let server = Server::open();
    let run = server.start(noop("a"), None).await;
    server.wait_hours(2);
    let full = Arc::new(Shelf { is_full: true, ..Shelf::default() });
    assert_eq!(sweep(&server, &["age=1h,then=archive"], full).await, 0);
    assert!(server.exists(run).await);
    let shelf: Arc<Shelf> = Arc::default();
    assert_eq!(sweep(&server, &["age=1h,then=archive"], shelf.clone()).await, 1);
    assert_eq!(*shelf.kept.lock().expect("unharmed"), [run]);
    assert_eq!(server.rows(), []);
}

#[tokio::test]
async fn a_row_that_lies_removes_itself_and_no_run() {
    let server = Server::open();
    let run = server.start(noop("a"), None).await;
    let row = server.rows().into_iter().find_map(|row| match row {
        Row::Ended(row) => Some(row),
        _ => None,
    });
    let mut lie = row.expect("the run has ended");
    lie.key.at = Timestamp::from_ms(lie.key.at.as_ms() - 1);
    assert_eq!(server.engine.retire(lie).await, Ok(Vec::new()));
    assert!(server.exists(run).await, "it ended later than the row says");
    assert_eq!(RunStatus::Completed, server.engine.read(run).await.expect("is there").run.status);
}
