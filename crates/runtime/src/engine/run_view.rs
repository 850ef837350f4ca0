//! A run as people see it: its state, and its payloads read from cache or store.

use std::sync::Arc;

use fermata_decider::Run;
use fermata_decider::event::RunOutput;
use fermata_decider::run::derived::{self, Part};
use fermata_decider::run::{Stored, Task, dynamic};
use fermata_storage::Store;
use fermata_types::Payload;

use crate::payloads;
use crate::shard::machine::Shared;

/// Tasks whose outputs one derived output may show; beyond it, the output is left empty and the
/// tasks themselves tell theirs.
const DERIVED_TASKS_MAX: usize = 100_000;

/// A durable copy of a run's state, with a way to its payloads.
#[derive(Clone)]
pub struct RunView {
    /// The state.
    pub run: Arc<Run>,
    shared: Arc<Shared>,
    store: Arc<dyn Store>,
}

impl RunView {
    pub(super) fn new(run: Box<Run>, shared: Arc<Shared>, store: Arc<dyn Store>) -> Self {
        Self { run: Arc::from(run), shared, store }
    }

    /// The bytes of a payload of this run; `null` when they cannot be read, which is logged.
    #[must_use]
    pub fn payload(&self, at: Stored) -> Payload {
        self.find(at).unwrap_or_else(Payload::null)
    }

    fn find(&self, at: Stored) -> Option<Payload> {
        let name = (self.run.id, at);
        if let Some(payload) = self.shared.payloads.get(&name) {
            return Some(payload);
        }
        match payloads::read(&*self.store, name) {
            Ok(found) => found,
            Err(error) => {
                tracing::error!(run = %self.run.id, %error, "cannot read a payload");
                None
            }
        }
    }

    /// The run's input.
    #[must_use]
    pub fn input(&self) -> Payload {
        self.payload(self.run.input)
    }

    /// The run's output; `{}` while it has none.
    #[must_use]
    pub fn output(&self) -> Payload {
        match (&self.run.output, self.run.output_at) {
            (_, Some(stored)) => self.payload(stored),
            (RunOutput::OfTask(number), None) => self
                .run
                .task(*number)
                .map_or_else(Payload::empty_object, |task| self.task_output(task)),
            _ => Payload::empty_object(),
        }
    }

    /// A task's input, put together where it is derived.
    #[must_use]
    pub fn task_input(&self, task: &Task) -> Payload {
        dynamic::shown::input(&self.run, task, self.payload(task.input))
    }

    /// A task's output, put together where it is derived.
    #[must_use]
    pub fn task_output(&self, task: &Task) -> Payload {
        if let Some(stored) = task.output {
            return self.payload(stored);
        }
        let payload = |at| Some(self.payload(at));
        derived::output_within(&self.run, task, &payload, Part::Whole, DERIVED_TASKS_MAX)
            .map_or_else(|_| Payload::empty_object(), |value| Payload::from_value(&value))
    }
}
