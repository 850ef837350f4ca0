//! Outputs that are derived on read instead of stored as growing JSON: of JOIN, DO_WHILE and an
//! open SUB_WORKFLOW (design 4).

use std::borrow::Cow;

use fermata_types::{Payload, TaskNumber};
use serde_json::{Map, Value};

use crate::definition::{Kind, StepId};
use crate::expression::DESCENT_TASKS_MAX;
use crate::run::state::Run;
use crate::run::task::{Stored, Task};

/// Which part of a derived output is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// Only what the skeleton knows: a loop's iteration and index.
    Shallow,
    /// That, and the item of a loop over a list.
    Item,
    /// Only that iteration of a loop.
    Iteration(u32),
    /// Only that branch of a dynamic fork's JOIN.
    Branch(StepId),
}

/// Why an output cannot be given now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lack {
    /// These payloads have to be loaded first.
    Payloads(Vec<Stored>),
    /// It ranges over more than [`DESCENT_TASKS_MAX`] tasks.
    TooManyTasks,
}

/// A task's output as a parsed value.
///
/// # Errors
/// [`Lack`]: what has to be loaded first, or that it is too large to be put together.
pub fn output(
    run: &Run,
    task: &Task,
    payload: &dyn Fn(Stored) -> Option<Payload>,
    part: Part,
) -> Result<Value, Lack> {
    output_within(run, task, payload, part, DESCENT_TASKS_MAX)
}

/// As [`output`], over at most that many tasks: answers to people may be larger than what an
/// expression may read.
///
/// # Errors
/// As [`output`].
pub fn output_within(
    run: &Run,
    task: &Task,
    payload: &dyn Fn(Stored) -> Option<Payload>,
    part: Part,
    limit: usize,
) -> Result<Value, Lack> {
    let mut gather = Gather { payload, lacking: Vec::new(), tasks: 0, limit };
    let value = match &run.step_of(task).kind {
        Kind::Join { on, fork, .. } if task.output.is_none() => {
            gather.join(run, task, &awaited(run, task, on, *fork, part))
        }
        Kind::DoWhile { .. } if task.output.is_none() => gather.do_while(run, task, part),
        _ => gather.own(task),
    };
    if gather.tasks > limit {
        Err(Lack::TooManyTasks)
    } else if gather.lacking.is_empty() {
        Ok(value)
    } else {
        Err(Lack::Payloads(gather.lacking))
    }
}

/// The steps whose outputs a JOIN shows.
fn awaited<'a>(
    run: &Run,
    join: &Task,
    on: &'a [StepId],
    fork: Option<StepId>,
    part: Part,
) -> Cow<'a, [StepId]> {
    match (part, fork) {
        (Part::Branch(step), _) => Cow::Owned(vec![step]),
        (_, None) => Cow::Borrowed(on),
        (_, Some(fork)) => run
            .forked(fork, join.scope, join.iteration)
            .map_or(Cow::Borrowed(on), |forked| forked.branches().collect()),
    }
}

struct Gather<'a> {
    payload: &'a dyn Fn(Stored) -> Option<Payload>,
    lacking: Vec<Stored>,
    tasks: usize,
    limit: usize,
}

impl Gather<'_> {
    fn own(&mut self, task: &Task) -> Value {
        match (task.output, task.child()) {
            (Some(stored), _) => self.at(stored),
            (None, Some(child)) => serde_json::json!({ "subWorkflowId": child.to_string() }),
            (None, None) => Value::Object(Map::new()),
        }
    }

    fn at(&mut self, stored: Stored) -> Value {
        match (self.payload)(stored) {
            Some(payload) => payload.to_value(),
            None => {
                self.lacking.push(stored);
                Value::Null
            }
        }
    }

    fn nested(&mut self, run: &Run, task: &Task) -> Value {
        self.tasks += 1;
        if self.tasks > self.limit {
            return Value::Null;
        }
        match &run.step_of(task).kind {
            Kind::Join { on, fork, .. } if task.output.is_none() => {
                self.join(run, task, &awaited(run, task, on, *fork, Part::Whole))
            }
            Kind::DoWhile { .. } if task.output.is_none() => self.do_while(run, task, Part::Whole),
            _ => self.own(task),
        }
    }

    /// `{ref: output}` of the branches that have any (`conductor-semantics` 5.5.1).
    fn join(&mut self, run: &Run, join: &Task, on: &[StepId]) -> Value {
        let mut map = Map::new();
        if !join.status.is_terminal() {
            return Value::Object(map);
        }
        for step in on {
            let Some(task) = run.latest_in(*step, join.scope, join.iteration) else { continue };
            let output = self.nested(run, task);
            if self.tasks > self.limit {
                break;
            }
            if output.as_object().is_none_or(|output| !output.is_empty()) {
                map.insert(run.reference_of(task), output);
            }
            if self.tasks > self.limit {
                break;
            }
        }
        Value::Object(map)
    }

    /// `{iteration: N, "1": {bodyRef: output} …}` (`conductor-semantics` 5.9).
    fn do_while(&mut self, run: &Run, task: &Task, part: Part) -> Value {
        let mut map = Map::new();
        let iteration = task.loop_iteration();
        if iteration == 0 && !task.status.is_terminal() {
            return Value::Object(map);
        }
        map.insert("iteration".to_owned(), Value::from(iteration));
        if let Some(item) = task.item() {
            map.insert("loopIndex".to_owned(), Value::from(iteration.saturating_sub(1)));
            if matches!(part, Part::Whole | Part::Item) {
                map.insert("loopItem".to_owned(), self.at(item));
            }
        }
        let (first, last) = match part {
            Part::Whole => (1, iteration),
            Part::Shallow | Part::Item | Part::Branch(_) => return Value::Object(map),
            Part::Iteration(wanted) => (wanted, wanted),
        };
        for iteration in first.max(run.in_loops.first(task.number))..=last.min(iteration) {
            for number in run.in_loops.iteration(task.number, iteration) {
                let step = run.task(*number).map_or(task.step, |body| body.step);
                if !run.are_of_one_text(step, task.step) {
                    // What a dynamic fork in the body made is not part of the body's text.
                    continue;
                }
                self.body_task(run, &mut map, iteration, *number);
                if self.tasks > self.limit {
                    return Value::Object(map);
                }
            }
        }
        Value::Object(map)
    }

    fn body_task(
        &mut self,
        run: &Run,
        map: &mut Map<String, Value>,
        iteration: u32,
        number: TaskNumber,
    ) {
        let Some(body) = run.task(number) else { return };
        let output = self.nested(run, body);
        let entry = map.entry(iteration.to_string()).or_insert_with(|| Value::Object(Map::new()));
        if let Some(entry) = entry.as_object_mut() {
            entry.insert(run.reference_of_step(body.step).into_owned(), output);
        }
    }
}
