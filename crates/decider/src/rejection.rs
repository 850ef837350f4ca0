//! Every "no" of the domain, with the words the reference server uses (`conductor-rest` 2.1).

use fermata_types::RunStatus;

/// Why a request cannot be granted. Nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// No such task in this run.
    #[error("No such task found by id: {0}")]
    NoSuchTask(String),
    /// No open task of that reference.
    #[error("Found no running task {reference} of workflow {run} to update")]
    NoPendingTask {
        /// The reference asked for.
        reference: String,
        /// The run.
        run: String,
    },
    /// No open WAIT task.
    #[error("Found no blocked task in workflow {0} to signal")]
    NoBlockedTask(String),
    /// The queue or deadline row this came from is stale.
    #[error("stale")]
    Stale,
    /// The run has ended.
    #[error("Workflow {0} has ended, status cannot be updated.")]
    Ended(String),
    /// A completed run cannot be terminated.
    #[error("Cannot terminate a COMPLETED workflow.")]
    Completed,
    /// Only a paused run can be resumed.
    #[error("The workflow {run} is not PAUSED so cannot resume. Current status is {status}")]
    NotPaused {
        /// The run.
        run: String,
        /// Its status.
        status: RunStatus,
    },
    /// Messages are accepted by running workflows only.
    #[error("Workflow {run} is not in RUNNING state (current: {status})")]
    NotRunning {
        /// The run.
        run: String,
        /// Its status.
        status: RunStatus,
    },
    /// The lane is full.
    #[error("Workflow message queue for workflowId={run} has reached the maximum size of {limit}")]
    LaneFull {
        /// The run.
        run: String,
        /// Messages a lane may hold.
        limit: u64,
    },
    /// The message is over the limit.
    #[error("the message of {size} bytes is larger than {limit} bytes")]
    MessageTooLarge {
        /// Its size.
        size: usize,
        /// What it may be.
        limit: usize,
    },
    /// A value of the request cannot be used.
    #[error("{field}: {what}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        what: String,
    },
}
