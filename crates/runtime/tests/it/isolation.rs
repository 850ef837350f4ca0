//! One run's load does not take the others of its shard down: an endless loop goes on while a
//! neighbour is started, handed out, completed and read.

use std::time::Duration;

use fermata_decider::Command;
use fermata_decider::command::{ReportedStatus, TaskUpdate};
use fermata_runtime::engine::PollRequest;
use fermata_runtime::shard::request::Wait;
use fermata_types::{Payload, RunStatus, Span};
use serde_json::{Value, json};

use crate::server::Server;

/// Far longer than the walk takes, far shorter than the loop does.
const PATIENCE: Duration = Duration::from_secs(20);

fn endless() -> Value {
    let step = json!({"name": "v", "taskReferenceName": "v", "type": "SET_VARIABLE",
        "inputParameters": {"a": 1}});
    json!({"name": "endless", "tasks": [{"name": "d", "taskReferenceName": "d",
        "type": "DO_WHILE", "loopCondition": "true", "loopOver": [step]}]})
}

fn simple() -> Value {
    json!({"name": "simple", "tasks": [{"name": "work", "taskReferenceName": "w",
        "type": "SIMPLE"}]})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endless_loop_leaves_its_neighbours_alone() {
    let server = Server::in_real_time(1);
    let hog = server.start(endless(), None).await;
    let walk = async {
        let neighbour = server.start(simple(), None).await;
        let request = PollRequest {
            task_type: "work".to_owned(),
            domain: None,
            worker: None,
            count: 1,
            timeout: PATIENCE,
        };
        let polled = server.engine.poll(&request).await;
        let update = TaskUpdate {
            task: polled.first().expect("handed out").task.number,
            status: ReportedStatus::Completed,
            output: Payload::empty_object(),
            reason: None,
            worker: None,
            callback_after: Span::ZERO,
            logs: Vec::new(),
        };
        server.engine.update(neighbour, update).await.expect("open");
        server.engine.read(neighbour).await.expect("is there").run.status
    };
    let status = tokio::time::timeout(PATIENCE, walk).await.expect("its neighbour goes on");
    assert_eq!(status, RunStatus::Completed);
    let state = server.engine.read(hog).await.expect("is there").run.status;
    assert_eq!(state, RunStatus::Running, "the loop is still at it");
    let terminate = Command::Terminate { reason: None, triggers_failure_workflow: false };
    server.engine.command(hog, terminate, Wait::Quiet).await.expect("can be ended");
}
