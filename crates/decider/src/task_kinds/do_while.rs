//! DO_WHILE: repeats its body while a condition holds (`conductor-semantics` 5.9). An iteration
//! has ended when the body's last task is done with.

use fermata_types::{Payload, TaskNumber, TaskStatus, limits};
use serde_json::{Map, Value};

use crate::context::Context;
use crate::definition::{Kind, StepId};
use crate::event::Event;
use crate::expression::{ScriptRoots, script_roots};
use crate::needs::{Evaluated, Needs};
use crate::run::advance::Step;
use crate::run::derived::{self, Lack, Part};
use crate::run::plan::inputs;
use crate::run::state::Run;
use crate::run::task::Task;
use crate::task_kinds::{closing, loop_items, script_task};

/// Begins the first iteration; over an empty list there is none.
pub(crate) fn begin(run: &Run, task: &Task, context: Context<'_>) -> Result<Step, Needs> {
    let Kind::DoWhile { condition, items, .. } = &run.step_of(task).kind else {
        return Err(Needs::default());
    };
    Ok(match loop_items::of(run, task, items, context)? {
        Ok(list) if list.as_ref().is_some_and(Vec::is_empty) => {
            Step::of(vec![closing::completed(task.number, None, context)])
        }
        Ok(list) => begin_iteration(task, 1, list.as_deref(), context),
        Err(what) => cannot_evaluate(task.number, condition, &what, context),
    })
}

fn begin_iteration(
    task: &Task,
    iteration: u32,
    list: Option<&[Value]>,
    context: Context<'_>,
) -> Step {
    let (task, at) = (task.number, context.now);
    let Some(list) = list else {
        return Step::of(vec![Event::LoopAdvanced { task, iteration, at }]);
    };
    let item = list.get(iteration as usize - 1).map_or_else(Payload::null, Payload::from_value);
    Step::of(vec![Event::ItemTaken { task, iteration, item, at }])
}

/// After an iteration: goes on or stops.
pub(crate) fn iterate(run: &Run, number: TaskNumber, context: Context<'_>) -> Result<Step, Needs> {
    let Some(task) = run.task(number) else { return Err(Needs::default()) };
    let step = run.step_of(task);
    let Kind::DoWhile { condition, items, .. } = &step.kind else { return Err(Needs::default()) };
    if let Some(reason) = failed_body(run, task) {
        let event = closing::closed(number, TaskStatus::Failed, None, Some(reason), context);
        return Ok(Step::of(vec![event]));
    }
    let list = match loop_items::of(run, task, items, context)? {
        Ok(list) => list,
        Err(what) => return Ok(cannot_evaluate(number, condition, &what, context)),
    };
    if let Some(list) = &list {
        let is_last = task.loop_iteration() as usize >= list.len();
        if is_last || condition.trim().is_empty() {
            return Ok(if is_last {
                Step::of(vec![closing::completed(number, None, context)])
            } else {
                go_on(task, Some(list), context)
            });
        }
    }
    let input = match condition_input(run, task, condition, context)? {
        Ok(input) => input,
        Err(what) => return Ok(cannot_evaluate(number, condition, &what, context)),
    };
    match script_task::evaluate((number, task.step), condition, &input, context)? {
        Evaluated::Value(value) if is_true(&value.to_value()) => {
            Ok(go_on(task, list.as_deref(), context))
        }
        Evaluated::Value(_) => Ok(Step::of(vec![closing::completed(number, None, context)])),
        Evaluated::Failed(what) | Evaluated::TimedOut(what) => {
            Ok(cannot_evaluate(number, condition, &what, context))
        }
    }
}

fn go_on(task: &Task, list: Option<&[Value]>, context: Context<'_>) -> Step {
    let iteration = task.loop_iteration();
    if iteration >= limits::LOOP_ITERATIONS_MAX {
        let limit = limits::LOOP_ITERATIONS_MAX;
        let reason = format!("a DO_WHILE is limited to {limit} iterations");
        let status = TaskStatus::FailedWithTerminalError;
        return Step::of(vec![closing::closed(task.number, status, None, Some(reason), context)]);
    }
    begin_iteration(task, iteration + 1, list, context)
}

fn cannot_evaluate(number: TaskNumber, condition: &str, what: &str, context: Context<'_>) -> Step {
    let reason = format!("Unable to evaluate condition {condition}, exception {what}");
    let status = TaskStatus::FailedWithTerminalError;
    // Without an output of its own it keeps showing its iterations.
    Step::of(vec![closing::closed(number, status, None, Some(reason), context)])
}

/// True, or a number above zero; strings and null are false.
fn is_true(value: &Value) -> bool {
    match value {
        Value::Bool(is) => *is,
        Value::Number(number) => number.as_f64().is_some_and(|number| number > 0.0),
        _ => false,
    }
}

/// A permissive task of this iteration that failed for good fails the loop.
fn failed_body(run: &Run, task: &Task) -> Option<String> {
    let iteration = task.loop_iteration();
    let failed: Vec<&str> = run
        .permissive_failures
        .iter()
        .filter_map(|number| run.task(*number))
        .filter(|body| body.scope == task.number && body.iteration == iteration)
        .map(|body| body.reason().unwrap_or(""))
        .collect();
    (!failed.is_empty()).then(|| failed.join(" "))
}

/// What the condition sees as `$`: the loop's inputs, the loop's output and the body's latest
/// outputs, as far as the script names them.
fn condition_input(
    run: &Run,
    task: &Task,
    condition: &str,
    context: Context<'_>,
) -> Result<Result<Value, String>, Needs> {
    // Its inputs are resolved anew for each look, so that they may name what the body changes.
    let (step, place) = (run.step_of(task), (task.step, task.iteration));
    let mut map = match inputs::of_place(run, place, None, step, context)? {
        Ok(input) => match input.to_value() {
            Value::Object(map) => map,
            _ => Map::new(),
        },
        Err(limit) => return Ok(Err(limit)),
    };
    let roots = script_roots(condition);
    let mut lacking = Vec::new();
    for (name, step) in run.body_of(task.step) {
        let is_named = match &roots {
            ScriptRoots::Names(names) => names.contains(name.as_ref()),
            ScriptRoots::All => true,
        };
        if !is_named {
            continue;
        }
        let name = name.into_owned();
        match named_output(run, task, step, condition, context) {
            Ok(Some(output)) => {
                map.insert(name, output);
            }
            Ok(None) => {}
            Err(Lack::Payloads(payloads)) => lacking.extend(payloads),
            Err(Lack::TooManyTasks) => {
                return Ok(Err(format!("the output of {name} ranges over too many tasks")));
            }
        }
    }
    if let Some(item) = task.item() {
        map.insert("loopIndex".to_owned(), Value::from(task.loop_iteration().saturating_sub(1)));
        match context.fetched.payload(item) {
            Some(item) => drop(map.insert("loopItem".to_owned(), item.to_value())),
            None => lacking.push(item),
        }
    }
    if lacking.is_empty() { Ok(Ok(Value::Object(map))) } else { Err(Needs::payloads(lacking)) }
}

fn named_output(
    run: &Run,
    task: &Task,
    step: StepId,
    condition: &str,
    context: Context<'_>,
) -> Result<Option<Value>, Lack> {
    let payload = |at| context.fetched.payload(at);
    if step == task.step {
        let part = if reads_only_iteration(condition, &run.reference_of_step(task.step)) {
            Part::Shallow
        } else {
            Part::Whole
        };
        return derived::output(run, task, &payload, part).map(Some);
    }
    match run.latest(step).filter(|body| body.scope == task.number) {
        Some(body) => derived::output(run, body, &payload, Part::Whole).map(Some),
        None => Ok(None),
    }
}

/// Whether every mention of the loop in its own condition goes straight to `iteration`, which is
/// what nearly all conditions do; then no outputs have to be read. Called only for conditions
/// that name what they read after `$`.
fn reads_only_iteration(condition: &str, reference: &str) -> bool {
    condition.split('$').skip(1).all(|path| {
        let path = path.trim_start();
        match path.strip_prefix(['.', '[']).and_then(|rest| member(rest, reference)) {
            Some(rest) => rest
                .strip_prefix(['.', '['])
                .is_some_and(|rest| member(rest, "iteration").is_some()),
            // Another name.
            None => true,
        }
    })
}

/// What follows a member of that name, written `name` or `'name']`; none for another name.
fn member<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let text = text.trim_start();
    let bare = text.trim_start_matches(['\'', '"']);
    let rest = bare.strip_prefix(name)?;
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    if rest.starts_with(is_word) {
        return None;
    }
    Some(rest.trim_start_matches(['\'', '"', ']']).trim_start())
}

#[cfg(test)]
mod tests {
    use super::reads_only_iteration;

    #[test]
    fn only_the_iteration_is_read_where_the_script_says_so() {
        for condition in [
            "if ($.l['iteration'] < 3) { true; } else { false; }",
            "$.l.iteration < $.all",
            "$['l'][\"iteration\"] < 2 && $.last.x",
        ] {
            assert!(reads_only_iteration(condition, "l"), "{condition}");
        }
        for condition in ["$.l['1'].x < 3", "$.l.iteration < 3 || $['l'].y", "$.l == 1"] {
            assert!(!reads_only_iteration(condition, "l"), "{condition}");
        }
    }
}
