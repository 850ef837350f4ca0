//! HTTP tasks of real runs: definition, start, inside worker, output.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use fermata_decider::Command;
use fermata_decider::command::{ReferenceUpdate, ReportedStatus};
use fermata_decider::run::clock;
use fermata_runtime::shard::request::Wait;
use fermata_storage::ModelStore;
use fermata_types::{Payload, RunStatus, TaskNumber, TaskStatus};
use insta::assert_snapshot;
use serde_json::json;

use crate::peer::{End, Peer};
use crate::world::{LONG, ended, engine, http, start, workers};

#[tokio::test]
async fn a_run_with_an_http_task_completes() {
    let peer = Peer::always("200 OK", "Content-Type: application/json\r\n", r#"{"n":1}"#).await;
    let engine = engine(&Arc::new(ModelStore::new()));
    let workers = workers(&engine, 2);
    let input = json!({"http_request": {
        "uri": peer.uri("/things"), "method": "POST", "body": {"a": 1},
        "headers": {"Authorization": "Bearer ${workflow.secrets.KEY}"}
    }});
    let run = start(&engine, json!([http("h", input, json!({}))])).await;
    let view = ended(&engine, run).await;
    assert_eq!(view.run.status, RunStatus::Completed);
    let task = &view.run.tasks[0];
    assert_eq!(task.worker(), Some("inside"));
    assert_eq!(task.domain(), None);
    let input = String::from_utf8_lossy(view.task_input(task).bytes()).into_owned();
    let output = String::from_utf8_lossy(view.task_output(task).bytes()).into_owned();
    let text = format!("{input}\n{output}\n");
    assert_snapshot!(text.replace(&peer.address.to_string(), "PEER"));
    // The secret is on the wire and nowhere else.
    let request = peer.requests().pop().expect("a request");
    assert!(request.to_ascii_lowercase().contains("authorization: bearer s3cret"), "{request}");
    assert!(!text.contains("s3cret"), "{text}");
    assert_eq!(engine.metrics().inside_completed.load(Ordering::Relaxed), 1);
    workers.stop(LONG).await;
    engine.stop().await;
}

#[tokio::test]
async fn what_was_begun_is_completed_by_somebody_else() {
    let peer = Peer::always("202 Accepted", "", "").await;
    let engine = engine(&Arc::new(ModelStore::new()));
    let workers = workers(&engine, 1);
    let request = json!({"uri": peer.uri("/begin"), "method": "POST"});
    let second = json!({"uri": peer.uri("/second"), "method": "GET"});
    let tasks =
        json!([http("h", request, json!({"asyncComplete": true})), http("i", second, json!({}))]);
    let run = start(&engine, tasks).await;
    // With one place, a task of another run tells that the first has been begun.
    let other = json!({"uri": peer.uri("/other"), "method": "GET"});
    let other = start(&engine, json!([http("o", other, json!({}))])).await;
    ended(&engine, other).await;
    let view = engine.read(run).await.expect("the run");
    assert_eq!(view.run.tasks[0].status, TaskStatus::InProgress);
    assert_eq!(view.task_output(&view.run.tasks[0]).to_value()["response"]["statusCode"], 202);
    assert_eq!(clock::task_due(&view.run, TaskNumber(1)), None);
    let done = ReferenceUpdate {
        reference: Some("h".to_owned()),
        status: ReportedStatus::Completed,
        output: Payload::from_value(&json!({"done": true})),
        worker: None,
    };
    let command = Command::UpdateByReference(Box::new(done));
    engine.command(run, command, Wait::Quiet).await.expect("an update");
    let view = ended(&engine, run).await;
    assert_eq!(view.run.status, RunStatus::Completed);
    assert_eq!(view.task_output(&view.run.tasks[0]).to_value()["done"], true);
    workers.stop(LONG).await;
}

#[tokio::test]
async fn a_failed_attempt_is_retried_as_the_definition_says() {
    let answer = |text: &str| (text.as_bytes().to_vec(), End::Close);
    let peer = Peer::new(vec![
        answer("HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n"),
        answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ])
    .await;
    let engine = engine(&Arc::new(ModelStore::new()));
    let workers = workers(&engine, 2);
    let request = json!({"uri": peer.uri("/"), "method": "GET"});
    let definition = json!({"name": "h", "retryCount": 1, "retryDelaySeconds": 0});
    let tasks = json!([http("h", request, json!({"taskDefinition": definition}))]);
    let run = start(&engine, tasks).await;
    let view = ended(&engine, run).await;
    let statuses: Vec<TaskStatus> = view.run.tasks.iter().map(|task| task.status).collect();
    assert_eq!(statuses, [TaskStatus::Failed, TaskStatus::Completed]);
    assert_eq!(engine.metrics().inside_refused.load(Ordering::Relaxed), 1);
    workers.stop(LONG).await;
}

#[tokio::test]
async fn an_input_without_a_uri_fails_the_task() {
    let engine = engine(&Arc::new(ModelStore::new()));
    let workers = workers(&engine, 1);
    let tasks = json!([http("h", json!({"http_request": {"method": "GET"}}), json!({}))]);
    let run = start(&engine, tasks).await;
    let view = ended(&engine, run).await;
    assert_eq!(view.run.status, RunStatus::Failed);
    let reason = view.run.tasks[0].reason().expect("a reason");
    assert!(reason.starts_with("Missing HTTP URI."), "{reason}");
    assert_eq!(engine.metrics().inside_invalid.load(Ordering::Relaxed), 1);
    workers.stop(LONG).await;
}

#[tokio::test]
async fn an_attempt_cut_short_by_a_stop_is_made_again_by_the_next_server() {
    let store = Arc::new(ModelStore::new());
    let silent = (Vec::new(), End::Silence);
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec();
    let peer = Peer::new(vec![silent, (answer, End::Close)]).await;
    let request = json!({"uri": peer.uri("/"), "method": "GET", "readTimeOut": 0});
    let first = engine(&store);
    let workers_of_first = workers(&first, 1);
    let run = start(&first, json!([http("h", request, json!({}))])).await;
    while peer.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    workers_of_first.stop(Duration::from_millis(10)).await;
    let view = first.read(run).await.expect("the run");
    assert_eq!(view.run.tasks[0].status, TaskStatus::Scheduled);
    first.stop().await;
    drop(first);
    let second = engine(&store);
    let workers = workers(&second, 1);
    let view = ended(&second, run).await;
    assert_eq!(view.run.status, RunStatus::Completed);
    assert_eq!(view.run.tasks.len(), 1);
    workers.stop(LONG).await;
}

#[tokio::test]
async fn signs_of_life_keep_a_slow_attempt_alive_and_the_end_of_its_run_cuts_it() {
    let peer = Peer::new(vec![(Vec::new(), End::Silence)]).await;
    let engine = engine(&Arc::new(ModelStore::new()));
    let workers = workers(&engine, 1);
    let request = json!({"uri": peer.uri("/"), "method": "GET", "readTimeOut": 0});
    let definition = json!({"name": "h", "retryCount": 0, "responseTimeoutSeconds": 1});
    let tasks = json!([http("h", request, json!({"taskDefinition": definition}))]);
    let run = start(&engine, tasks).await;
    // A sign of life moves the task's deadline; the first comes after half the timeout.
    let mut moved = 0;
    let mut due = None;
    while moved < 5 {
        let view = engine.read(run).await.expect("the run");
        assert_eq!(view.run.status, RunStatus::Running);
        if clock::task_due(&view.run, TaskNumber(1)) != due {
            due = clock::task_due(&view.run, TaskNumber(1));
            moved += 1;
        }
        tokio::task::yield_now().await;
    }
    engine
        .command(
            run,
            Command::Terminate { reason: None, triggers_failure_workflow: false },
            Wait::Durable,
        )
        .await
        .expect("a termination");
    // The only place is free again although the peer never answers.
    let answering = Peer::always("200 OK", "", "").await;
    let request = json!({"uri": answering.uri("/"), "method": "GET"});
    let run = start(&engine, json!([http("h", request, json!({}))])).await;
    assert_eq!(ended(&engine, run).await.run.status, RunStatus::Completed);
    workers.stop(LONG).await;
}

#[tokio::test]
async fn many_tasks_share_the_places() {
    let peer = Peer::always("200 OK", "", "{}").await;
    let engine = engine(&Arc::new(ModelStore::new()));
    let workers = workers(&engine, 4);
    let mut runs = Vec::new();
    for n in 0..50 {
        let request = json!({"uri": peer.uri(&format!("/{n}")), "method": "GET"});
        runs.push(start(&engine, json!([http("h", request, json!({}))])).await);
    }
    for run in runs {
        assert_eq!(ended(&engine, run).await.run.status, RunStatus::Completed);
    }
    assert_eq!(peer.requests().len(), 50);
    workers.stop(LONG).await;
}
