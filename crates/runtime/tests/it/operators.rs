//! Dynamic forks and DYNAMIC tasks through the engine, cold loads in between included.

use std::sync::Arc;
use std::time::Duration;

use fermata_decider::run::dynamic::shown;
use fermata_storage::ModelStore;
use fermata_types::{RunStatus, TaskNumber};
use serde_json::{Value, json};

use super::engine::{complete, open, poll, start};

/// Branches of a fork whose inputs do not fit into the event.
const BRANCHES: usize = 700;

fn wide() -> Value {
    let list: Vec<Value> = (0..BRANCHES).map(|n| json!({ "of": n })).collect();
    json!({"name": "wide", "version": 1, "tasks": [
        {"name": "d", "taskReferenceName": "d", "type": "DYNAMIC", "dynamicTaskNameParam": "which",
         "inputParameters": {"which": "worker_of_${workflow.input.n}"}},
        {"name": "f", "taskReferenceName": "f", "type": "FORK_JOIN_DYNAMIC",
         "inputParameters": {"forkTaskName": "w", "forkTaskInputs": list}},
        {"name": "j", "taskReferenceName": "j", "type": "JOIN"},
        {"name": "v", "taskReferenceName": "v", "type": "SET_VARIABLE",
         "inputParameters": {"one": "${j.output._w_699.twice}"}}]})
}

#[tokio::test]
async fn a_dynamic_fork_goes_on_after_restarts() {
    let store = Arc::new(ModelStore::default());
    let engine = open(&store);
    let run = start(&engine, wide()).await;
    let first = poll(&engine, "worker_of_7", 1000).await;
    complete(&engine, first.first().expect("the dynamic task"), json!({})).await;
    engine.stop().await;

    let mut done = 0;
    while done < BRANCHES {
        let engine = open(&store);
        for _ in 0..30 {
            for polled in poll(&engine, "w", 2000).await {
                let of = polled.input.to_value()["of"].as_u64().expect("its own input");
                assert_eq!(polled.run.reference_of(&polled.task), format!("_w_{of}"));
                let json = shown::step_json(&polled.run, &polled.task, &polled.input);
                assert!(json.expect("made from data").contains(&format!("\"_w_{of}\"")));
                complete(&engine, &polled, json!({ "twice": 2 * of })).await;
                done += 1;
            }
            if done == BRANCHES {
                break;
            }
        }
        engine.stop().await;
    }

    let engine = open(&store);
    let watch = engine.watch(run, Vec::new()).await.expect("watches");
    let end = engine.watched(watch, Duration::from_secs(30)).await.expect("no failure");
    let view = engine.view(end.expect("in time").target);
    assert_eq!(view.run.status, RunStatus::Completed, "{:?}", view.run.reason);
    assert_eq!(view.run.variables.first().map(|(_, n)| n.to_value()), Some(json!(1398)));
    let task = |number: usize| {
        let number = TaskNumber(u32::try_from(number).expect("small"));
        view.run.task(number).expect("a task")
    };
    let input = view.task_input(task(2)).to_value();
    assert_eq!(input["forkedTasks"].as_array().map(Vec::len), Some(BRANCHES));
    assert_eq!(input["forkedTaskDefs"][41]["inputParameters"], json!({"of": 41, "__index": 41}));
    let join = task(BRANCHES + 3);
    assert_eq!(view.task_input(join).to_value()["joinOn"][0], json!("_w_0"));
    assert_eq!(view.task_output(join).to_value()["_w_41"], json!({"twice": 82}));
}
