//! Steps and references of a run, from its definition or from data.

use std::borrow::Cow;
use std::ops::Deref;
use std::sync::Arc;

use fermata_types::TaskNumber;

use crate::definition::{After, Kind, Step, StepId, Workflow};
use crate::run::dynamic::Forked;
use crate::run::state::Run;
use crate::run::task::Task;

/// A step that outlives a change of its run.
#[derive(Debug, Clone)]
pub enum StepHandle {
    /// One of the definition's.
    Defined(Arc<Workflow>, StepId),
    /// One that came from data.
    Dynamic(Arc<Step>),
}

impl Deref for StepHandle {
    type Target = Step;

    fn deref(&self) -> &Step {
        match self {
            Self::Defined(workflow, id) => workflow.step(*id),
            Self::Dynamic(step) => step,
        }
    }
}

impl Run {
    /// The step of that id.
    ///
    /// # Panics
    /// Never for ids this run handed out.
    #[must_use]
    pub fn step(&self, id: StepId) -> &Step {
        match self.dynamic_step(id) {
            Some(step) => step,
            None => self.definition.step(id),
        }
    }

    fn dynamic_step(&self, id: StepId) -> Option<&Arc<Step>> {
        if (id.0 as usize) < self.definition.steps.len() {
            return None;
        }
        let (fork, at) = self.dynamic.of_step(id)?;
        fork.plan.step(at)
    }

    /// The step a task was made from; for a DYNAMIC one, what it turned out to be.
    #[must_use]
    pub fn step_of(&self, task: &Task) -> &Step {
        let step = self.step(task.step);
        match &step.kind {
            Kind::Dynamic { .. } => {
                self.dynamic.resolved(task.number).map_or(step, |resolved| resolved)
            }
            _ => step,
        }
    }

    /// The step of a task that is made or about to be made, to keep while the run changes.
    #[must_use]
    pub fn step_handle(&self, id: StepId, task: TaskNumber) -> StepHandle {
        let step = match self.dynamic_step(id) {
            Some(step) => StepHandle::Dynamic(step.clone()),
            None => StepHandle::Defined(self.definition.clone(), id),
        };
        match (&step.kind, self.dynamic.resolved(task)) {
            (Kind::Dynamic { .. }, Some(resolved)) => StepHandle::Dynamic(resolved.clone()),
            _ => step,
        }
    }

    /// What follows a step, with the ends of SWITCH branches followed to where they lead. Never
    /// answers [`After::SwitchEnd`].
    #[must_use]
    pub fn after(&self, id: StepId) -> After {
        self.end_of(id).1
    }

    /// The outermost SWITCH that ends with this step, or the step itself, and what follows it.
    pub(crate) fn end_of(&self, id: StepId) -> (StepId, After) {
        let mut end = id;
        loop {
            match self.step(end).after {
                After::SwitchEnd(switch) => end = switch,
                after => return (end, after),
            }
        }
    }

    /// `taskReferenceName` of a step.
    #[must_use]
    pub fn reference_of_step(&self, id: StepId) -> Cow<'_, str> {
        if (id.0 as usize) < self.definition.steps.len() {
            return Cow::Borrowed(&self.definition.step(id).reference);
        }
        match self.dynamic.of_step(id) {
            Some((fork, at)) => fork.plan.reference(at),
            None => Cow::Borrowed(""),
        }
    }

    /// The reference as others see it: `ref__N` inside a loop.
    #[must_use]
    pub fn reference_of(&self, task: &Task) -> String {
        let reference = self.reference_of_step(task.step);
        if task.iteration == 0 {
            reference.into_owned()
        } else {
            format!("{reference}__{}", task.iteration)
        }
    }

    /// The step of that reference; of several made from data the newest.
    #[must_use]
    pub fn find_step(&self, reference: &str) -> Option<StepId> {
        let defined = self.definition.references.get(reference).copied();
        defined.or_else(|| self.dynamic.find(reference))
    }

    /// All steps of that reference: the definition's, or those that forks have made, by fork.
    pub(crate) fn find_steps(&self, reference: &str) -> Vec<StepId> {
        match self.definition.references.get(reference) {
            Some(step) => vec![*step],
            None => self.dynamic.find_all(reference),
        }
    }

    /// The branches that the JOIN of a dynamic fork waits for.
    #[must_use]
    pub fn forked(&self, fork: StepId, scope: TaskNumber, iteration: u32) -> Option<&Forked> {
        self.dynamic.of_task(self.latest_in(fork, scope, iteration)?.number)
    }

    /// Steps with their references that a loop's condition may read: those of its body.
    pub(crate) fn body_of(&self, of: StepId) -> Vec<(Cow<'_, str>, StepId)> {
        let is_inside = |id: &StepId| *id == of || self.step(*id).enclosing_loop == Some(of);
        if let Some((fork, at)) = self.dynamic.of_step(of) {
            let (branch, _) = fork.plan.branch_of(at);
            let ids = fork.plan.start(branch)..fork.plan.end(branch);
            let ids = ids.map(|at| fork.id(at)).filter(is_inside);
            return ids.map(|id| (self.reference_of_step(id), id)).collect();
        }
        let known = self.definition.references.iter().filter(|(_, id)| is_inside(id));
        known.map(|(name, id)| (Cow::Borrowed(name.as_str()), *id)).collect()
    }

    /// Whether two steps come from the same text: the definition, or one fork's branches.
    pub(crate) fn are_of_one_text(&self, one: StepId, other: StepId) -> bool {
        let origin = |id| self.dynamic.of_step(id).map(|(fork, _)| fork.task);
        origin(one) == origin(other)
    }
}
