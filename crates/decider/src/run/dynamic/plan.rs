//! The branches of one dynamic fork, compiled: about a dozen bytes a branch and its reference.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::definition::branch::compile_branch;
use crate::definition::{DefinitionHash, Step, StepId};
use crate::planned::Planned;
use crate::run::dynamic::names::Compact;

/// Steps of forks, by the fork's step and their JSON: forks inside a loop share them.
pub type SharedSteps = BTreeMap<(StepId, DefinitionHash), Arc<Step>>;

/// Where a plan stands.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// Id of its first step.
    pub base: StepId,
    /// The fork's step.
    pub fork: StepId,
    /// The loop around the fork.
    pub enclosing_loop: Option<StepId>,
}

/// The branches of one dynamic fork. Never changes.
#[derive(Debug)]
pub struct Plan {
    /// The distinct steps of branches.
    steps: Vec<Arc<Step>>,
    /// Contents of the containers among them, by branch.
    contents: BTreeMap<u32, Vec<Arc<Step>>>,
    /// Steps inside containers by reference, counted from the plan's first.
    inner: BTreeMap<String, u32>,
    kinds: Vec<u32>,
    names: Compact,
    /// First step of each branch, counted from the plan's first; empty when all have one step.
    starts: Vec<u32>,
    /// Steps of all branches.
    width: u32,
    /// Where each branch's input ends in the stored list.
    ends: Vec<u32>,
    is_constant: bool,
}

impl Plan {
    /// Compiles what an event says. The same event gives the same plan; steps that do not compile
    /// (a newer program wrote them) become the last ones that did.
    #[must_use]
    pub fn of(planned: &Planned, place: Place, shared: &mut SharedSteps) -> Self {
        let count = u32::try_from(planned.lengths.len()).unwrap_or(u32::MAX);
        let mut plan = Self {
            steps: Vec::with_capacity(planned.steps.len()),
            contents: BTreeMap::new(),
            inner: BTreeMap::new(),
            kinds: planned.kinds.clone(),
            names: Compact::of(&planned.names, count),
            starts: Vec::new(),
            width: count,
            ends: ends(&planned.lengths),
            is_constant: planned.is_constant,
        };
        let mut containers = BTreeMap::new();
        for (kind, json) in planned.steps.iter().enumerate() {
            let key = (place.fork, DefinitionHash::of(json.bytes()));
            if let Some(known) = shared.get(&key) {
                plan.steps.push(known.clone());
                continue;
            }
            let Value::Object(task) = json.to_value() else { continue };
            let Ok(mut compiled) = compile_branch(&task, place.base, place.enclosing_loop) else {
                continue;
            };
            let width = compiled.len();
            let Some(first) = compiled.drain(..1.min(width)).next().map(Arc::new) else { continue };
            if width == 1 {
                shared.insert(key, first.clone());
            } else {
                containers.insert(u32::try_from(kind).unwrap_or(u32::MAX), (task, width));
            }
            plan.steps.push(first);
        }
        if !containers.is_empty() {
            plan.lay_out(count, &containers, place);
        }
        plan
    }

    /// Containers have steps of their own, so each branch begins behind the one before it.
    fn lay_out(
        &mut self,
        count: u32,
        containers: &BTreeMap<u32, (Map<String, Value>, usize)>,
        place: Place,
    ) {
        let mut next = 0u32;
        for branch in 0..count {
            self.starts.push(next);
            let kind = self.kind(branch);
            let Some((task, width)) = containers.get(&kind) else {
                next = next.saturating_add(1);
                continue;
            };
            let base = StepId(place.base.0.saturating_add(next));
            let compiled = compile_branch(task, base, place.enclosing_loop).unwrap_or_default();
            let mut steps = compiled.into_iter().map(Arc::new);
            if let (Some(first), Some(slot)) = (steps.next(), self.steps.get_mut(kind as usize)) {
                *slot = first;
            }
            let contents: Vec<Arc<Step>> = steps.collect();
            for step in &contents {
                let at = step.id.0.saturating_sub(place.base.0);
                self.inner.insert(step.reference.clone(), at);
            }
            self.contents.insert(branch, contents);
            next = next.saturating_add(u32::try_from(*width).unwrap_or(u32::MAX));
        }
        self.width = next;
    }

    /// Which of the distinct steps a branch has.
    #[must_use]
    pub fn kind(&self, branch: u32) -> u32 {
        self.kinds.get(branch as usize).copied().unwrap_or(0)
    }

    /// How many branches there are.
    #[must_use]
    pub fn count(&self) -> u32 {
        u32::try_from(self.ends.len()).unwrap_or(u32::MAX)
    }

    /// How many step ids it takes.
    #[must_use]
    pub const fn width(&self) -> u32 {
        self.width
    }

    /// Whether no branch's input has an expression in it.
    #[must_use]
    pub const fn is_constant(&self) -> bool {
        self.is_constant
    }

    /// The first step of a branch, counted from the plan's first.
    #[must_use]
    pub fn start(&self, branch: u32) -> u32 {
        self.starts.get(branch as usize).copied().unwrap_or(branch)
    }

    /// The step behind the last one of a branch, counted from the plan's first.
    #[must_use]
    pub fn end(&self, branch: u32) -> u32 {
        let next = branch.saturating_add(1);
        if next < self.count() { self.start(next) } else { self.width }
    }

    /// The branch a step belongs to, and whether the step is its first.
    #[must_use]
    pub fn branch_of(&self, at: u32) -> (u32, bool) {
        if self.starts.is_empty() {
            return (at, true);
        }
        let behind = self.starts.partition_point(|start| *start <= at);
        let branch = u32::try_from(behind.saturating_sub(1)).unwrap_or(u32::MAX);
        (branch, self.start(branch) == at)
    }

    /// A step, counted from the plan's first.
    #[must_use]
    pub fn step(&self, at: u32) -> Option<&Arc<Step>> {
        let (branch, is_first) = self.branch_of(at);
        if is_first {
            let kind = self.kind(branch) as usize;
            return self.steps.get(kind).or_else(|| self.steps.last());
        }
        let inside = at.saturating_sub(self.start(branch)).saturating_sub(1);
        self.contents.get(&branch)?.get(inside as usize)
    }

    /// The reference of a step, counted from the plan's first.
    #[must_use]
    pub fn reference(&self, at: u32) -> Cow<'_, str> {
        let (branch, is_first) = self.branch_of(at);
        if is_first {
            return self.names.get(branch);
        }
        self.step(at).map_or(Cow::Borrowed(""), |step| Cow::Borrowed(&step.reference))
    }

    /// The reference of a branch.
    #[must_use]
    pub fn name(&self, branch: u32) -> Cow<'_, str> {
        self.names.get(branch)
    }

    /// The step of that reference, counted from the plan's first.
    #[must_use]
    pub fn find(&self, reference: &str) -> Option<u32> {
        let branch = self.names.find(reference).map(|branch| self.start(branch));
        branch.or_else(|| self.inner.get(reference).copied())
    }

    /// The first reference that its branches have twice.
    #[must_use]
    pub fn duplicate(&self) -> Option<Cow<'_, str>> {
        self.names.duplicate()
    }

    /// Where a branch's input is in the stored list.
    #[must_use]
    pub fn input(&self, branch: u32) -> Range<usize> {
        let end = |at: u32| self.ends.get(at as usize).map_or(0, |end| *end as usize);
        let start = branch.checked_sub(1).map_or(0, end);
        // After the list's bracket, or the comma behind the input before.
        start + 1..end(branch)
    }
}

fn ends(lengths: &[u32]) -> Vec<u32> {
    let mut end = 0u32;
    let next = lengths.iter().map(|length| {
        end = end.saturating_add(1).saturating_add(*length);
        end
    });
    next.collect()
}
