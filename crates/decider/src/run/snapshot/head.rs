//! What a snapshot holds besides tasks, and the run made again from both.

use std::sync::Arc;

use fermata_types::{
    EventNumber, Payload, RunEpoch, RunId, RunStatus, TaskId, TaskNumber, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::definition::{Kind, StepId, Workflow};
use crate::event::RunOutput;
use crate::planned::Planned;
use crate::run::clock;
use crate::run::dynamic::{Forked, happened};
use crate::run::holders::{Holder, Holders};
use crate::run::state::{Agenda, Run};
use crate::run::task::{Stored, Task};
use crate::run::tasks::Tasks;

/// The version of head and pages.
pub const VERSION: u8 = 1;

/// A run's state but for its tasks and what follows from them. Its lane is not here: lane rows are
/// the truth for that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    last: EventNumber,
    row: EventNumber,
    epoch: RunEpoch,
    status: RunStatus,
    input: u64,
    output: RunOutput,
    output_at: u64,
    variables: Vec<(String, Payload)>,
    correlation: Option<String>,
    priority: u8,
    task_to_domain: Vec<(String, String)>,
    parent: Option<TaskId>,
    depth: u32,
    created_by: Option<String>,
    idempotency_key: Option<String>,
    reason: Option<String>,
    failed_task: Option<TaskNumber>,
    created: Timestamp,
    updated: Timestamp,
    ended: Timestamp,
    clock_restarted: Timestamp,
    permissive_failures: Vec<TaskNumber>,
    agenda: Vec<Agenda>,
    main_ended: bool,
    terminated_by: Option<TaskNumber>,
    holders: Vec<Holder>,
    forks: Vec<Fork>,
    /// What DYNAMIC tasks are.
    resolved: Vec<(TaskNumber, Payload)>,
}

/// A dynamic fork but for its branches: those are in the event that fixed them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Fork {
    stored: u64,
    step: StepId,
    scope: TaskNumber,
    iteration: u32,
    made: u32,
    left: u32,
}

impl Fork {
    const fn of(forked: &Forked) -> Self {
        let Forked { step, scope, iteration, made, left, .. } = *forked;
        Self { stored: forked.stored.packed(), step, scope, iteration, made, left }
    }
}

impl Head {
    /// The head of a run between two turns.
    #[must_use]
    pub fn of(run: &Run) -> Self {
        Self {
            last: run.last,
            row: run.row,
            epoch: run.epoch,
            status: run.status,
            input: run.input.packed(),
            output: run.output.clone(),
            output_at: run.output_at.map_or(0, Stored::packed),
            variables: run.variables.clone(),
            correlation: run.correlation.clone(),
            priority: run.priority,
            task_to_domain: run.task_to_domain.clone(),
            parent: run.parent,
            depth: run.depth,
            created_by: run.created_by.clone(),
            idempotency_key: run.idempotency_key.clone(),
            reason: run.reason.clone(),
            failed_task: run.failed_task,
            created: run.created,
            updated: run.updated,
            ended: run.ended,
            clock_restarted: run.clock_restarted,
            permissive_failures: run.permissive_failures.clone(),
            agenda: run.agenda.iter().copied().collect(),
            main_ended: run.main_ended,
            terminated_by: run.terminated_by,
            holders: run.holders.all().iter().map(|holder| (**holder).clone()).collect(),
            forks: run.dynamic.forks().iter().map(Fork::of).collect(),
            resolved: run.dynamic.resolutions().map(|(task, at)| (task, at.clone())).collect(),
        }
    }

    /// Workers and domains of the tasks, which name them by their place.
    #[must_use]
    pub fn holders(&self) -> Holders {
        self.holders.iter().cloned().collect()
    }

    /// The last event the snapshot stands for.
    #[must_use]
    pub const fn last(&self) -> EventNumber {
        self.last
    }

    /// Where the events are that fixed the branches of dynamic forks, in order.
    pub fn plans(&self) -> impl Iterator<Item = Stored> + '_ {
        self.forks.iter().filter_map(|fork| Stored::from_packed(fork.stored))
    }

    /// A run with all its steps and nothing else, from the branches of its dynamic forks. None
    /// when they are not those of [`Self::plans`].
    #[must_use]
    pub fn begin(&self, id: RunId, definition: Arc<Workflow>, plans: &[Planned]) -> Option<Run> {
        let mut run = Run::new(id, definition);
        if plans.len() != self.forks.len() {
            return None;
        }
        for (fork, planned) in self.forks.iter().zip(plans) {
            let stored = Stored::from_packed(fork.stored)?;
            happened::add_fork(&mut run, planned, fork.step, (fork.scope, fork.iteration), stored);
            let added = run.dynamic.of_task_mut(planned.task)?;
            (added.made, added.left) = (fork.made, fork.left);
        }
        for (task, source) in &self.resolved {
            happened::resolved(&mut run, *task, source);
        }
        Some(run)
    }

    /// The run as it was, from what [`Self::begin`] gave. None when head and tasks do not fit
    /// together.
    #[must_use]
    pub fn restore(self, mut run: Run, holders: Holders, pages: Vec<Vec<Task>>) -> Option<Run> {
        run.last = self.last;
        run.row = self.row;
        run.epoch = self.epoch;
        run.status = self.status;
        run.input = Stored::from_packed(self.input)?;
        run.output = self.output;
        run.output_at = Stored::from_packed(self.output_at);
        run.variables = self.variables;
        run.correlation = self.correlation;
        run.priority = self.priority;
        run.task_to_domain = self.task_to_domain;
        run.parent = self.parent;
        run.depth = self.depth;
        run.created_by = self.created_by;
        run.idempotency_key = self.idempotency_key;
        run.reason = self.reason;
        run.failed_task = self.failed_task;
        run.created = self.created;
        run.updated = self.updated;
        run.ended = self.ended;
        run.clock_restarted = self.clock_restarted;
        run.permissive_failures = self.permissive_failures;
        run.agenda = self.agenda.into();
        run.main_ended = self.main_ended;
        run.terminated_by = self.terminated_by;
        run.holders = holders;
        run.tasks = Tasks::from_pages(pages)?;
        derive(&mut run);
        Some(run)
    }
}

/// Fills the indexes and counters that follow from the tasks.
fn derive(run: &mut Run) {
    let tasks = run.tasks.clone();
    let is_over = run.status.is_terminal();
    let (mut pulls, mut waits) = (Vec::new(), Vec::new());
    let mut deadlines: Vec<_> =
        clock::workflow_due(run).map(|due| (due, clock::RUN)).into_iter().collect();
    for task in &tasks {
        if let Some(latest) = run.latest.get_mut(task.step.0 as usize) {
            *latest = task.number;
        }
        if task.scope != TaskNumber(0) {
            run.in_loops.insert(&tasks, task);
        }
        if task.status.is_terminal() {
            continue;
        }
        run.open += 1;
        if is_over {
            continue;
        }
        if let Some(child) = task.child() {
            run.children.insert(task.number, child);
        }
        match run.step_of(task).kind {
            Kind::PullMessages => pulls.push(task.number),
            Kind::Wait => waits.push(task.number),
            _ => {}
        }
        let due = clock::limits(run, task).map(|(_, due)| due).min();
        deadlines.extend(due.map(|due| (due, task.number)));
    }
    run.pulls.extend(pulls);
    run.waits.extend(waits);
    run.deadlines = deadlines.into_iter().collect();
}
