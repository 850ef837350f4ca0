//! The few fields of the wire that the generator reads, and the bodies it sends.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Deserialize;

/// A task as a poll answers it (contract 3.4).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PolledTask<'a> {
    #[serde(borrow)]
    pub(crate) workflow_instance_id: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) task_id: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) reference_task_name: Cow<'a, str>,
    /// Milliseconds since 1970 by the server's clock; 0 if the server does not say.
    #[serde(default)]
    pub(crate) scheduled_time: u64,
}

/// A run as reading it answers (contract 3.6).
#[derive(Debug, Deserialize)]
pub(crate) struct ReadRun<'a> {
    #[serde(borrow)]
    pub(crate) status: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) tasks: Vec<ReadTask<'a>>,
}

/// A task of a run that was read back.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReadTask<'a> {
    #[serde(borrow)]
    pub(crate) reference_task_name: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) status: Cow<'a, str>,
    #[serde(borrow, default)]
    task_type: Cow<'a, str>,
    #[serde(default)]
    pub(crate) output_data: ReadOutput,
    /// The child that a sub-workflow task started.
    #[serde(borrow, default)]
    pub(crate) sub_workflow_id: Option<Cow<'a, str>>,
}

impl ReadTask<'_> {
    /// Whether it is of a type of the bench, and so for workers.
    pub(crate) fn is_worker_task(&self) -> bool {
        self.task_type.starts_with("fermata_bench_")
    }
}

/// The outputs that are looked at.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReadOutput {
    /// How many messages a task consumed.
    #[serde(default)]
    pub(crate) count: Option<u64>,
    /// Microseconds from ready to a worker's hands, as a worker of an SDK told them.
    #[serde(default)]
    pub(crate) to_hands_us: Option<u64>,
}

/// The answer of a synchronous execute (contract 3.12).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExecutedRun<'a> {
    #[serde(borrow)]
    pub(crate) workflow_id: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) status: Cow<'a, str>,
}

/// The result that completes a task (contract 3.5). Ids are opaque but never need escapes: an
/// answer with such an id would have been refused by [`is_plain`].
pub(crate) fn completed_result(task: &PolledTask<'_>, worker: &str) -> Bytes {
    let run = &task.workflow_instance_id;
    let id = &task.task_id;
    Bytes::from(format!(
        "{{\"workflowInstanceId\":\"{run}\",\"taskId\":\"{id}\",\"workerId\":\"{worker}\",\
         \"status\":\"COMPLETED\",\"outputData\":{{\"done\":true}}}}"
    ))
}

/// Whether an id can be put in a path and in JSON as it is.
pub(crate) fn is_plain(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_json_with_the_ids_of_its_task() {
        let polled = br#"{"taskType":"t","workflowInstanceId":"run-1","taskId":"task-1",
            "referenceTaskName":"step","scheduledTime":12,"workflowTask":{"name":"t"}}"#;
        let task: PolledTask<'_> = serde_json::from_slice(polled).expect("a polled task");
        let body = completed_result(&task, "w");
        let result: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(result.get("workflowInstanceId").and_then(|id| id.as_str()), Some("run-1"));
        assert_eq!(result.get("taskId").and_then(|id| id.as_str()), Some("task-1"));
        assert_eq!(task.scheduled_time, 12);
    }

    #[test]
    fn ids_that_need_quoting_are_not_plain() {
        assert!(is_plain("0190f3c2-7a10-7abc-8def-000000000000"));
        for id in ["", "a\"b", "a/b", "a b", "a\n"] {
            assert!(!is_plain(id), "{id:?} was called plain");
        }
    }
}
