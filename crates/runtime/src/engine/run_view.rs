//! A run as people see it: its state, and its payloads read from cache or store.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use fermata_decider::Run;
use fermata_decider::event::RunOutput;
use fermata_decider::run::derived::{self, Part};
use fermata_decider::run::{Stored, Task, dynamic};
use fermata_storage::Store;
use fermata_types::Payload;

use crate::engine::rows_read::RowsRead;
use crate::shard::machine::Shared;

/// Tasks whose outputs one derived output may show; beyond it or [`DERIVED_BYTES_MAX`], the output
/// is left empty and the tasks themselves tell theirs.
const DERIVED_TASKS_MAX: usize = 100_000;
/// Bytes of payloads that one derived output may be put together from.
const DERIVED_BYTES_MAX: usize = 16 << 20;

/// A durable copy of a run's state, with a way to its payloads.
#[derive(Clone)]
pub struct RunView {
    /// The state.
    pub run: Arc<Run>,
    shared: Arc<Shared>,
    store: Arc<dyn Store>,
    rows: Arc<RowsRead>,
    has_failed: Arc<AtomicBool>,
}

impl RunView {
    pub(super) fn new(run: Box<Run>, shared: Arc<Shared>, store: Arc<dyn Store>) -> Self {
        let (rows, has_failed) = (Arc::default(), Arc::default());
        Self { run: Arc::from(run), shared, store, rows, has_failed }
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
        let found = self.rows.payload(&*self.store, name).unwrap_or_else(|error| {
            tracing::error!(run = %self.run.id, %error, "cannot read a payload");
            None
        });
        if found.is_none() {
            self.has_failed.store(true, Ordering::Relaxed);
        }
        found
    }

    /// Whether a payload could not be read so far, so that `null` stands in its place; also when
    /// the run was removed meanwhile.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::Relaxed)
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
        let bytes = Cell::new(0);
        let payload = |at| {
            let payload = self.payload(at);
            bytes.set(bytes.get() + payload.len());
            (bytes.get() <= DERIVED_BYTES_MAX).then_some(payload)
        };
        derived::output_within(&self.run, task, &payload, Part::Whole, DERIVED_TASKS_MAX)
            .map_or_else(|_| Payload::empty_object(), |value| Payload::from_value(&value))
    }
}
