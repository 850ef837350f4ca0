//! Bodies as deep as the parser goes: within the stack we ask for, and refused beyond.

use fermata_wire::conductor::{WorkflowTask, WorkflowTestRequest, lenient};
use serde::de::DeserializeOwned;

/// Runs on a thread with the stack that readers are to have.
fn on_a_reader_thread(work: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new()
        .stack_size(lenient::READER_STACK_BYTES)
        .spawn(work)
        .expect("a thread")
        .join()
        .expect("no failed assertion");
}

fn nested(open: &str, leaf: &str, close: &str, count: usize) -> String {
    format!("{}{leaf}{}", open.repeat(count), close.repeat(count))
}

/// Reads `open` and `close` around `leaf` as often as the parser allows, and once more often.
fn read_to_the_limit<T: DeserializeOwned + Send>(open: &str, leaf: &str, close: &str) -> T {
    let levels = |text: &str| text.matches(['{', '[']).count();
    let most = (127 - levels(leaf)) / levels(open);
    let deepest = serde_json::from_str::<T>(&nested(open, leaf, close, most));
    let refused = serde_json::from_str::<T>(&nested(open, leaf, close, most + 1));
    let reason = refused.map(|_| ()).expect_err("too deep").to_string();
    assert!(reason.contains("recursion limit"), "{reason}");
    deepest.expect("as deep as the parser goes")
}

#[test]
fn tasks_inside_tasks() {
    on_a_reader_thread(|| {
        let task: WorkflowTask = read_to_the_limit(r#"{"loopOver":["#, "", "]}");
        assert!(serde_json::to_string(&task).is_ok());
    });
}

#[test]
fn definitions_inside_definitions() {
    on_a_reader_thread(|| {
        let open = r#"{"subWorkflowParam":{"workflowDefinition":{"tasks":["#;
        let task: WorkflowTask = read_to_the_limit(open, "", "]}}}");
        assert!(serde_json::to_string(&task).is_ok());
    });
}

#[test]
fn tests_inside_tests() {
    on_a_reader_thread(|| {
        read_to_the_limit::<WorkflowTestRequest>(
            r#"{"subWorkflowTestRequest":{"sub_ref":"#,
            "{}",
            "}}",
        );
    });
}
