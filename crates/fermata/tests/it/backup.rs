//! The drill: a backup is taken from a server that goes on, and a server made from it has every
//! run that was acknowledged before, and goes on with it.

use std::path::Path;

use crate::process::{Server, printed, run};

const DEFINITION: &str = r#"{"name":"drill","ownerEmail":"a@b.c","tasks":[
    {"name":"step","taskReferenceName":"s","type":"SIMPLE"},
    {"name":"ask","taskReferenceName":"h","type":"HUMAN"}]}"#;

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of ASCII")
}

fn status(server: &Server, run: &str) -> String {
    server.ask("GET", &format!("/api/workflow/{run}?includeTasks=false"), "")
}

fn complete_first(server: &Server) {
    let task = server.ask("GET", "/api/tasks/poll/step?workerid=w", "");
    let value = |name: &str| {
        let (_, rest) = task.split_once(&format!("\"{name}\":\"")).expect("a task");
        rest.split('"').next().expect("a text").to_owned()
    };
    let (run, id) = (value("workflowInstanceId"), value("taskId"));
    let body = format!(
        r#"{{"workflowInstanceId":"{run}","taskId":"{id}","status":"COMPLETED","outputData":{{}}}}"#
    );
    server.ask("POST", "/api/tasks", &body);
}

#[test]
fn a_backup_of_a_server_at_work_makes_a_server_that_goes_on() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let (data, file, copy) =
        (folder.path().join("data"), folder.path().join("backup"), folder.path().join("copy"));
    let server = Server::start(&data);
    server.ask("POST", "/api/metadata/workflow", DEFINITION);
    let before: Vec<String> =
        (0..20).map(|_| server.ask("POST", "/api/workflow/drill", "{}")).collect();
    complete_first(&server);

    let url = format!("http://{}", server.address);
    let told = run(&["backup", "--server", &url, "--output", text(&file)]);
    assert!(told.status.success(), "{}", printed(&told));
    let after = server.ask("POST", "/api/workflow/drill", "{}");

    let told = run(&["restore", "--input", text(&file), "--data-dir", text(&copy)]);
    assert!(told.status.success(), "{}", printed(&told));
    let restored = Server::start(&copy);
    for run in &before {
        assert!(status(&restored, run).contains("\"status\":\"RUNNING\""));
    }
    let poll = "/api/tasks/poll/batch/step?workerid=w&count=50&timeout=100";
    let waiting = restored.ask("GET", poll, "");
    assert_eq!(waiting.matches("\"taskId\"").count(), 19, "one of twenty was done before");
    assert!(!waiting.contains(&after), "what came after the backup is not in it");
    drop((server, restored));

    let told = run(&["doctor", "--data-dir", text(&copy)]);
    assert!(printed(&told).contains("20 of them open"), "{}", printed(&told));
    let again = run(&["restore", "--input", text(&file), "--data-dir", text(&copy)]);
    assert!(!again.status.success(), "a store is never restored over another");
}

#[test]
fn a_damaged_backup_makes_no_store() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let (data, file, copy) =
        (folder.path().join("data"), folder.path().join("backup"), folder.path().join("copy"));
    drop(Server::start(&data));
    let told = run(&["backup", "--data-dir", text(&data), "--output", text(&file)]);
    assert!(told.status.success(), "{}", printed(&told));
    let again = run(&["backup", "--data-dir", text(&data), "--output", text(&file)]);
    assert!(printed(&again).contains("exists already"), "{}", printed(&again));

    let mut bytes = std::fs::read(&file).expect("is there");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).expect("is ours");
    let told = run(&["restore", "--input", text(&file), "--data-dir", text(&copy)]);
    assert!(!told.status.success() && printed(&told).contains("damaged"), "{}", printed(&told));
    assert!(!copy.exists(), "nothing was made");
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let file = folder.path().join("backup");
    let told = run(&["backup", "--server", "http://127.0.0.1:1", "--output", text(&file)]);
    assert!(printed(&told).contains("cannot reach 127.0.0.1:1"), "{}", printed(&told));
    assert!(!file.exists());
    let told = run(&["backup", "--server", "https://example", "--output", text(&file)]);
    assert!(printed(&told).contains("is not of the form http://"), "{}", printed(&told));
}
