//! Every spawned task has a name, an owner and an end.

use std::future::Future;

use tokio::task::AbortHandle;

/// The tasks of one owner: they end when they are done, or when it ends them.
#[derive(Debug, Default)]
pub struct TaskSet {
    tasks: Vec<AbortHandle>,
}

impl TaskSet {
    /// Spawns a task under a name. A panic is a bug: it is logged with that name, and the process
    /// stops and recovers rather than going on with half a shard.
    #[expect(clippy::disallowed_methods, reason = "the one place that spawns")]
    pub fn spawn(&mut self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let handle = tokio::spawn(task);
        self.tasks.push(handle.abort_handle());
        tokio::spawn(async move {
            if let Err(error) = handle.await
                && error.is_panic()
            {
                tracing::error!(task = name, "a task panicked: the process stops");
                std::process::abort();
            }
        });
    }

    /// Ends all tasks.
    pub fn abort_all(&mut self) {
        for task in self.tasks.drain(..) {
            task.abort();
        }
    }
}
