//! DYNAMIC: becomes the task that one of its inputs names (`conductor-semantics` 5.10; quirk 33
//! fixed: the task definition of that name applies).

use fermata_types::limits;
use serde_json::Value;

use crate::context::Context;
use crate::definition::branch::compile_branch;
use crate::definition::{Kind, Step as Place, StepId};
use crate::event::{Event, Scheduled};
use crate::needs::Needs;
use crate::run::advance::Step;
use crate::run::plan::{finish, inputs, next};
use crate::run::state::Run;
use crate::task_kinds::system_types;

/// Makes the task as what its input names.
pub(crate) fn enter(
    run: &Run,
    mut scheduled: Scheduled,
    parameter: &str,
    context: Context<'_>,
) -> Result<Step, Needs> {
    let input = scheduled.input.to_value();
    let named = input.get(parameter).and_then(Value::as_str);
    let Some(name) = named.filter(|name| is_name(name)) else {
        let reason = format!(
            "Cannot map a dynamic task based on the parameter and input. Parameter= {parameter}, \
             input= {}",
            super::dynamic_fork::short(&input)
        );
        return finish::failed(run, reason, None, context);
    };
    let json = resolved(run.step(scheduled.step), name, context);
    let step = match compiled(&json) {
        Ok(step) => step,
        Err(what) => {
            let reference = run.reference_of_step(scheduled.step);
            let reason = format!("The dynamic task {reference} cannot become {name}: {what}");
            return finish::failed(run, reason, None, context);
        }
    };
    let place = (scheduled.step, scheduled.iteration);
    match inputs::of_place(run, place, None, &step, context)? {
        Ok(input) => scheduled.input = input,
        Err(limit) => return finish::failed(run, limit, None, context),
    }
    let json = fermata_types::Payload::from_value(&json);
    let event = Event::TaskResolved { task: scheduled.number, step: json };
    let mut made = next::of_kind(run, scheduled, &step, context)?;
    made.events.insert(0, event);
    Ok(made)
}

fn is_name(name: &str) -> bool {
    !name.trim().is_empty() && name.len() <= limits::NAME_BYTES_MAX
}

/// The step's JSON with name, type and task definition put in. An unregistered name gets the
/// definition of unregistered DYNAMIC tasks: no retries.
fn resolved(step: &Place, name: &str, context: Context<'_>) -> Value {
    let mut json: Value = serde_json::from_str(&step.json).unwrap_or(Value::Null);
    let mut put = |field: &str, value: Option<Value>| {
        let Some(map) = json.as_object_mut() else { return };
        match value {
            Some(value) => map.insert(field.to_owned(), value),
            None => map.remove(field),
        };
    };
    put("taskReferenceName", None);
    put("taskDefinition", None);
    put("name", Some(Value::from(name)));
    context.fetched.resolve_task(&mut json);
    let kind = if system_types::is_system(name) { name } else { "SIMPLE" };
    if let Some(map) = json.as_object_mut() {
        map.insert("type".to_owned(), Value::from(kind));
    }
    json
}

fn compiled(json: &Value) -> Result<Place, String> {
    let Some(task) = json.as_object() else { return Err("it is no task".to_owned()) };
    let steps = compile_branch(task, StepId(u32::MAX), None).map_err(|error| error.to_string())?;
    match <[Place; 1]>::try_from(steps) {
        Ok([step]) if !is_structure(&step.kind) => Ok(step),
        _ => Err("it is a part of a definition's structure".to_owned()),
    }
}

/// Kinds whose behaviour comes from where they stand in a definition.
const fn is_structure(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::Switch { .. }
            | Kind::Decision { .. }
            | Kind::Fork { .. }
            | Kind::DynamicFork { .. }
            | Kind::Join { .. }
            | Kind::ExclusiveJoin { .. }
            | Kind::DoWhile { .. }
            | Kind::Dynamic { .. }
    )
}
