//! All dynamic steps of a run.

use std::collections::BTreeMap;
use std::sync::Arc;

use fermata_types::{Payload, TaskNumber};
use serde_json::Value;

use crate::definition::branch::compile_branch;
use crate::definition::{DefinitionHash, Step, StepId};
use crate::planned::Planned;
use crate::run::dynamic::plan::{Place, Plan, SharedSteps};
use crate::run::task::Stored;

/// A dynamic fork that was reached.
#[derive(Debug, Clone)]
pub struct Forked {
    /// Its FORK task.
    pub task: TaskNumber,
    /// The fork's step.
    pub step: StepId,
    /// The loop's task around it; 0 outside.
    pub scope: TaskNumber,
    /// The loop's iteration; 0 outside.
    pub iteration: u32,
    /// Id of the first of its steps.
    pub base: StepId,
    /// Branches whose task has been made.
    pub made: u32,
    /// Branches that are not done with: what its JOIN waits for.
    pub left: u32,
    /// Where the event is that fixed them.
    pub stored: Stored,
    /// The branches.
    pub plan: Arc<Plan>,
}

impl Forked {
    /// The id of a step of its plan.
    #[must_use]
    pub const fn id(&self, at: u32) -> StepId {
        StepId(self.base.0.saturating_add(at))
    }

    /// The id of a branch's first step.
    #[must_use]
    pub fn branch(&self, branch: u32) -> StepId {
        self.id(self.plan.start(branch))
    }

    /// The ids of the first steps of the branches, in order.
    pub fn branches(&self) -> impl Iterator<Item = StepId> + '_ {
        (0..self.plan.count()).map(|branch| self.branch(branch))
    }
}

/// Where a DYNAMIC task stands says its own step, not what it turned out to be.
const NO_STEP: StepId = StepId(u32::MAX);

/// Dynamic steps of a run, in the order their ids were given.
#[derive(Debug, Clone, Default)]
pub struct DynamicSteps {
    forks: Vec<Forked>,
    /// Forks by where they stand: loop task and iteration.
    places: BTreeMap<(TaskNumber, u32), Vec<u32>>,
    shared: SharedSteps,
    /// What DYNAMIC tasks are, and the JSON that says so.
    resolved: BTreeMap<TaskNumber, (Arc<Step>, Payload)>,
    /// The distinct ones among them.
    sources: BTreeMap<DefinitionHash, (Arc<Step>, Payload)>,
}

impl DynamicSteps {
    /// The forks reached so far, in order.
    #[must_use]
    pub fn forks(&self) -> &[Forked] {
        &self.forks
    }

    /// The fork of a FORK task.
    #[must_use]
    pub fn of_task(&self, task: TaskNumber) -> Option<&Forked> {
        let at = self.forks.binary_search_by_key(&task, |fork| fork.task).ok()?;
        self.forks.get(at)
    }

    pub(crate) fn of_task_mut(&mut self, task: TaskNumber) -> Option<&mut Forked> {
        let at = self.forks.binary_search_by_key(&task, |fork| fork.task).ok()?;
        self.forks.get_mut(at)
    }

    /// The fork a step belongs to, with the step counted from the fork's first.
    #[must_use]
    pub fn of_step(&self, id: StepId) -> Option<(&Forked, u32)> {
        let behind = self.forks.partition_point(|fork| fork.base <= id);
        let fork = self.forks.get(behind.checked_sub(1)?)?;
        let at = id.0.saturating_sub(fork.base.0);
        (at < fork.plan.width()).then_some((fork, at))
    }

    /// The branch whose first step this is.
    #[must_use]
    pub fn branch_of(&self, id: StepId) -> Option<(&Forked, u32)> {
        let (fork, at) = self.of_step(id)?;
        let (branch, is_first) = fork.plan.branch_of(at);
        is_first.then_some((fork, branch))
    }

    /// The newest step of that reference, by its forks from the latest to the first.
    #[must_use]
    pub fn find(&self, reference: &str) -> Option<StepId> {
        let mut forks = self.forks.iter().rev();
        forks.find_map(|fork| Some(fork.id(fork.plan.find(reference)?)))
    }

    /// Every step of that reference, by its forks from the first to the latest.
    pub(crate) fn find_all(&self, reference: &str) -> Vec<StepId> {
        let found = |fork: &Forked| Some(fork.id(fork.plan.find(reference)?));
        self.forks.iter().filter_map(found).collect()
    }

    /// The step of that reference in one place: an iteration of a loop, or outside of loops.
    #[must_use]
    pub fn find_in(&self, reference: &str, scope: TaskNumber, iteration: u32) -> Option<StepId> {
        let known = self.places.get(&(scope, iteration))?;
        let mut forks = known.iter().filter_map(|at| self.forks.get(*at as usize));
        forks.find_map(|fork| Some(fork.id(fork.plan.find(reference)?)))
    }

    /// References of all branches made so far.
    pub fn references(&self) -> impl Iterator<Item = String> + '_ {
        self.forks
            .iter()
            .flat_map(|fork| (0..fork.made).map(|branch| fork.plan.name(branch).into_owned()))
    }

    /// What a DYNAMIC task is.
    #[must_use]
    pub fn resolved(&self, task: TaskNumber) -> Option<&Arc<Step>> {
        self.resolved.get(&task).map(|(step, _)| step)
    }

    /// All of them, by task.
    pub(crate) fn resolutions(&self) -> impl Iterator<Item = (TaskNumber, &Payload)> {
        self.resolved.iter().map(|(task, (_, source))| (*task, source))
    }

    /// A DYNAMIC task is a step of that JSON; the same JSON is kept and compiled once.
    pub(crate) fn resolve(&mut self, task: TaskNumber, source: &Payload) {
        let hash = DefinitionHash::of(source.bytes());
        let found = match self.sources.get(&hash) {
            Some(known) => known.clone(),
            None => {
                let Value::Object(map) = source.to_value() else { return };
                let compiled = compile_branch(&map, NO_STEP, None).unwrap_or_default();
                let Some(step) = compiled.into_iter().next().map(Arc::new) else { return };
                self.sources.insert(hash, (step.clone(), source.clone()));
                (step, source.clone())
            }
        };
        self.resolved.insert(task, found);
    }

    /// Another attempt of a DYNAMIC task is what the one before it was.
    pub(crate) fn replace(&mut self, old: TaskNumber, new: TaskNumber) {
        if let Some(found) = self.resolved.get(&old).cloned() {
            self.resolved.insert(new, found);
        }
    }

    /// The id the next plan begins with, behind `first`, the number of the definition's steps.
    #[must_use]
    pub fn next_id(&self, first: usize) -> StepId {
        match self.forks.last() {
            Some(fork) => fork.id(fork.plan.width()),
            None => StepId(u32::try_from(first).unwrap_or(u32::MAX)),
        }
    }

    /// Adds the branches of a fork; answers how many step ids they take.
    pub(crate) fn add(
        &mut self,
        planned: &Planned,
        place: Place,
        at: (TaskNumber, u32),
        stored: Stored,
    ) -> u32 {
        let plan = Arc::new(Plan::of(planned, place, &mut self.shared));
        let width = plan.width();
        let index = u32::try_from(self.forks.len()).unwrap_or(u32::MAX);
        self.places.entry(at).or_default().push(index);
        self.forks.push(Forked {
            task: planned.task,
            step: place.fork,
            scope: at.0,
            iteration: at.1,
            base: place.base,
            made: 0,
            left: plan.count(),
            stored,
            plan,
        });
        width
    }

    /// Only what is needed to show one task.
    #[must_use]
    pub fn only(&self, step: StepId, task: TaskNumber) -> Self {
        let fork = self.of_step(step).map(|(fork, _)| fork.clone());
        let resolved = self.resolved.get(&task).map(|found| (task, found.clone()));
        Self {
            forks: fork.into_iter().collect(),
            resolved: resolved.into_iter().collect(),
            ..Self::default()
        }
    }
}
