//! The state of a run: a skeleton of its tasks, its variables, and what is still to be done.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use fermata_types::{
    EventNumber, Payload, RunEpoch, RunId, RunStatus, TaskId, TaskNumber, TaskStatus, Timestamp,
};

use serde::{Deserialize, Serialize};

use crate::definition::{StepId, Workflow};
use crate::event::RunOutput;
use crate::run::dynamic::DynamicSteps;
use crate::run::holders::Holders;
use crate::run::lane::Lane;
use crate::run::loops::LoopIndex;
use crate::run::task::{Stored, Task};
use crate::run::tasks::Tasks;

/// Something the run has to do next. Derived from events by `apply`, never stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Agenda {
    /// Make a task from a step.
    Enter {
        /// The step.
        step: StepId,
        /// Iteration of the enclosing loop.
        iteration: u32,
        /// The enclosing loop's task.
        scope: TaskNumber,
    },
    /// Carry out a task the server itself performs.
    Perform(TaskNumber),
    /// Retry, forgive or pass on after a closed task.
    Settle(TaskNumber),
    /// An iteration has ended: go on or stop.
    Loop(TaskNumber),
    /// All tasks a JOIN waits for are done.
    Join(TaskNumber),
    /// Make the next branch of a dynamic fork.
    Branches(TaskNumber),
}

/// The state of one run, in its present epoch.
#[derive(Debug, Clone)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// Its resolved definition.
    pub definition: Arc<Workflow>,
    /// Restarts, reruns, retries and revivals so far.
    pub epoch: RunEpoch,
    /// Status.
    pub status: RunStatus,
    /// Start input.
    pub input: Stored,
    /// Output, once ended.
    pub output: RunOutput,
    /// Where the output is when it is a value.
    pub output_at: Option<Stored>,
    /// Variables in the order they were first set.
    pub variables: Vec<(String, Payload)>,
    /// The caller's own name for it.
    pub correlation: Option<String>,
    /// 0..=99, higher first.
    pub priority: u8,
    /// Task type to domains.
    pub task_to_domain: Vec<(String, String)>,
    /// The SUB_WORKFLOW task that started it.
    pub parent: Option<TaskId>,
    /// Levels below the root; 0 for a root.
    pub depth: u32,
    /// Who asked for it.
    pub created_by: Option<String>,
    /// The idempotency key it was started under.
    pub idempotency_key: Option<String>,
    /// Why it ended.
    pub reason: Option<String>,
    /// The task that ended it.
    pub failed_task: Option<TaskNumber>,
    /// When it began.
    pub created: Timestamp,
    /// When its latest event happened.
    pub updated: Timestamp,
    /// When it ended; zero while open.
    pub ended: Timestamp,
    /// Start of the workflow clock after a resume; zero before.
    pub clock_restarted: Timestamp,
    /// Tasks by number, from 1.
    pub tasks: Tasks,
    /// Workers and domains of the tasks.
    pub holders: Holders,
    /// The latest task of each step.
    pub latest: Vec<TaskNumber>,
    /// Tasks inside loops, by loop task, iteration and step: the latest attempt.
    pub in_loops: LoopIndex,
    /// Steps that come from data.
    pub dynamic: DynamicSteps,
    /// Open tasks.
    pub open: u32,
    /// Open SUB_WORKFLOW tasks and their children.
    pub children: BTreeMap<TaskNumber, RunId>,
    /// Open PULL_WORKFLOW_MESSAGES tasks, oldest first.
    pub pulls: BTreeSet<TaskNumber>,
    /// Open WAIT tasks.
    pub waits: BTreeSet<TaskNumber>,
    /// Final failures of permissive tasks.
    pub permissive_failures: Vec<TaskNumber>,
    /// What is to be done next.
    pub agenda: VecDeque<Agenda>,
    /// Deadlines by time; task 0 is the run itself.
    pub deadlines: BTreeSet<(Timestamp, TaskNumber)>,
    /// The main sequence has ended.
    pub main_ended: bool,
    /// A TERMINATE task has ended the run's work: its number.
    pub terminated_by: Option<TaskNumber>,
    /// Number of the latest event.
    pub last: EventNumber,
    /// First event of the history row being written or read.
    pub row: EventNumber,
    /// Lane `default`.
    pub lane: Lane,
}

impl Run {
    /// A run before its first event.
    #[must_use]
    pub fn new(id: RunId, definition: Arc<Workflow>) -> Self {
        let nowhere = Stored::new(EventNumber(0), 0);
        let latest = vec![TaskNumber(0); definition.steps.len()];
        Self {
            id,
            definition,
            epoch: RunEpoch(1),
            status: RunStatus::Running,
            input: nowhere,
            output: RunOutput::Empty,
            output_at: None,
            variables: Vec::new(),
            correlation: None,
            priority: 0,
            task_to_domain: Vec::new(),
            parent: None,
            depth: 0,
            created_by: None,
            idempotency_key: None,
            reason: None,
            failed_task: None,
            created: Timestamp::ZERO,
            updated: Timestamp::ZERO,
            ended: Timestamp::ZERO,
            clock_restarted: Timestamp::ZERO,
            tasks: Tasks::default(),
            holders: Holders::default(),
            latest,
            in_loops: LoopIndex::default(),
            dynamic: DynamicSteps::default(),
            open: 0,
            children: BTreeMap::new(),
            pulls: BTreeSet::new(),
            waits: BTreeSet::new(),
            permissive_failures: Vec::new(),
            agenda: VecDeque::new(),
            deadlines: BTreeSet::new(),
            main_ended: false,
            terminated_by: None,
            last: EventNumber(0),
            row: EventNumber(1),
            lane: Lane::default(),
        }
    }

    /// A copy of what a task needs to know of its run, without any task.
    #[must_use]
    pub fn without_tasks(&self, task: &Task) -> Self {
        let mut copy = Self::new(self.id, self.definition.clone());
        copy.epoch = self.epoch;
        copy.status = self.status;
        copy.correlation.clone_from(&self.correlation);
        copy.priority = self.priority;
        copy.created = self.created;
        copy.ended = self.ended;
        copy.parent = self.parent;
        copy.dynamic = self.dynamic.only(task.step, task.number);
        copy
    }

    /// Whether its first event has been applied.
    #[must_use]
    pub const fn has_started(&self) -> bool {
        self.last.0 > 0
    }

    /// The task of that number.
    #[must_use]
    pub fn task(&self, number: TaskNumber) -> Option<&Task> {
        self.tasks.numbered(number)
    }

    /// The task of that number, to change it.
    pub(crate) fn task_mut(&mut self, number: TaskNumber) -> Option<&mut Task> {
        self.tasks.numbered_mut(number)
    }

    /// The number the next task will get.
    #[must_use]
    pub fn next_task(&self) -> TaskNumber {
        TaskNumber(self.tasks.made()).next()
    }

    /// The latest task of a step, in whichever iteration.
    #[must_use]
    pub fn latest(&self, step: StepId) -> Option<&Task> {
        self.task(*self.latest.get(step.0 as usize)?)
    }

    /// The latest attempt of a step in one place: an iteration of a loop, or outside of loops.
    #[must_use]
    pub fn latest_in(&self, step: StepId, scope: TaskNumber, iteration: u32) -> Option<&Task> {
        if scope == TaskNumber(0) {
            return self.latest(step);
        }
        self.task(self.in_loops.get(&self.tasks, (scope, iteration, step))?)
    }

    /// Status as others see it: open tasks of an ended run read as CANCELED.
    #[must_use]
    pub const fn shown_status(&self, task: &Task) -> TaskStatus {
        if self.status.is_terminal() && !task.status.is_terminal() {
            TaskStatus::Canceled
        } else {
            task.status
        }
    }

    /// Whether nothing is left to do before something new happens from outside.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.status != RunStatus::Running
            || (self.agenda.is_empty()
                && !self.finishes()
                && (self.pulls.is_empty() || self.lane.pending() == 0))
    }

    /// Whether the run can end now: nothing to do, nothing open.
    #[must_use]
    pub fn finishes(&self) -> bool {
        self.terminated_by.is_some()
            || (self.main_ended && self.open == 0 && self.agenda.is_empty())
    }
}
