//! SUB_WORKFLOW: starts a child in the same shard and waits for its end
//! (`conductor-semantics` 5.11; child ids are minted, design 12).

use fermata_types::{Payload, RunId, Span, TaskId, TaskNumber, TaskStatus, limits};
use serde_json::{Map, Value, json};

use crate::context::{Context, Found};
use crate::definition::Workflow;
use crate::effect::Effect;
use crate::event::{Event, Origin, Scheduled};
use crate::expression::Template;
use crate::needs::{DefinitionRequest, Needs};
use crate::run::advance::Step;
use crate::run::document::{self, RunDocument};
use crate::run::plan::finish;
use crate::run::state::Run;
use crate::run::task::Task;
use crate::run::weigh;
use crate::task_kinds::closing;

/// Makes the task and, in the same commit, its child; a task with a delay gets its child once that
/// is over.
pub(crate) fn enter(
    run: &Run,
    mut scheduled: Scheduled,
    params: &Template,
    context: Context<'_>,
) -> Result<Step, Needs> {
    let document = RunDocument::for_task(run, params.references(), context);
    let params = match document::resolve(params, &document)? {
        Ok(Value::Object(params)) => params,
        Ok(_) => {
            let name = &run.step(scheduled.step).name;
            let reason = format!(
                "Task {name} is defined as sub-workflow and is missing subWorkflowParams. Please \
                 check the workflow definition"
            );
            return finish::failed(run, reason, None, context);
        }
        Err(limit) => return Ok(refused(scheduled, limit, context)),
    };
    let input = task_input(&params, &scheduled.input);
    scheduled.input = Payload::from_value(&input);
    if scheduled.delay > Span::ZERO {
        scheduled.status = TaskStatus::Scheduled;
        return Ok(Step::of(vec![Event::TaskScheduled(Box::new(scheduled))]));
    }
    match child(run, scheduled.number, &input, context)? {
        Ok(Child { id, start }) => {
            scheduled.child = Some(id);
            let event = Event::TaskScheduled(Box::new(scheduled));
            Ok(Step { events: vec![event], effects: vec![start] })
        }
        Err(reason) => Ok(refused(scheduled, reason, context)),
    }
}

/// The delay is over: the child begins.
pub(crate) fn launch(run: &Run, task: &Task, context: Context<'_>) -> Result<Step, Needs> {
    let input = closing::input(task, context)?;
    let number = task.number;
    Ok(match child(run, number, &input, context)? {
        Ok(Child { id, start }) => {
            let event = Event::ChildStarted { task: number, child: id, at: context.now };
            Step { events: vec![event], effects: vec![start] }
        }
        Err(reason) => {
            let status = TaskStatus::Failed;
            Step::of(vec![closing::closed(number, status, None, Some(reason), context)])
        }
    })
}

struct Child {
    id: RunId,
    start: Effect,
}

/// The child that a task with this input asks for; the inner error says why there is none.
fn child(
    run: &Run,
    number: TaskNumber,
    input: &Value,
    context: Context<'_>,
) -> Result<Result<Child, String>, Needs> {
    if run.depth + 1 > limits::TREE_DEPTH_MAX {
        let limit = limits::TREE_DEPTH_MAX;
        return Ok(Err(format!("sub-workflows are nested deeper than {limit} levels")));
    }
    let (request, is_inline) = match request(input) {
        Ok(found) => found,
        Err(reason) => return Ok(Err(reason)),
    };
    let definition = match context.fetched.definition(&request) {
        Found::Definition(definition) => definition,
        Found::Refused(reason) => return Ok(Err(reason)),
        Found::Unknown => return Err(Needs::definition(request)),
    };
    let id = context.fetched.mint();
    let child_input = child_input(&definition, input, is_inline);
    let limit = context.fetched.payload_limits().workflow_input.hard;
    if child_input.len() > limit {
        return Ok(Err(weigh::too_large_for_run(run, child_input.len(), limit)));
    }
    let parent = run.id.task(number);
    let origin = Box::new(origin(run, parent, input, &definition, child_input, context));
    Ok(Ok(Child { id, start: Effect::StartChild { child: id, definition, origin } }))
}

/// The task is made and fails at once.
fn refused(scheduled: Scheduled, reason: String, context: Context<'_>) -> Step {
    let number = scheduled.number;
    let closed = closing::closed(number, TaskStatus::Failed, None, Some(reason), context);
    Step::of(vec![Event::TaskScheduled(Box::new(scheduled)), closed])
}

fn request(input: &Value) -> Result<(DefinitionRequest, bool), String> {
    match input.get("subWorkflowDefinition") {
        Some(inline @ Value::Object(_)) => {
            return Ok((DefinitionRequest::Inline(inline.to_string()), true));
        }
        None | Some(Value::Null) => {}
        Some(_) => {
            return Err("workflowDefinition is a string, but not a valid DSL string".to_owned());
        }
    }
    let name = input.get("subWorkflowName").and_then(Value::as_str).filter(|name| !name.is_empty());
    let Some(name) = name else {
        return Err("subWorkflowParam.name: no workflow name given".to_owned());
    };
    let version = match input.get("subWorkflowVersion") {
        Some(Value::Number(version)) => version.as_i64(),
        Some(Value::String(version)) => version.trim().parse().ok(),
        _ => None,
    };
    let version = version.and_then(|version| i32::try_from(version).ok());
    let version = version.filter(|version| *version != 0);
    Ok((DefinitionRequest::Named { name: name.to_owned(), version }, false))
}

/// What the task shows as its input.
fn task_input(params: &Map<String, Value>, given: &Payload) -> Value {
    let shown = |field: &str| params.get(field).cloned().unwrap_or(Value::Null);
    json!({
        "subWorkflowName": shown("name"),
        "subWorkflowVersion": shown("version"),
        "subWorkflowTaskToDomain": shown("taskToDomain"),
        "subWorkflowDefinition": shown("workflowDefinition"),
        "priority": shown("priority"),
        "idempotencyKey": shown("idempotencyKey"),
        "idempotencyStrategy": shown("idempotencyStrategy"),
        "workflowInput": given.to_value(),
    })
}

/// An empty input passes the whole task input on instead (quirk 34, copied).
fn child_input(definition: &Workflow, task_input: &Value, is_inline: bool) -> Payload {
    let given = task_input.get("workflowInput").and_then(Value::as_object);
    let source = given.filter(|given| !given.is_empty()).or_else(|| task_input.as_object());
    let mut map = source.cloned().unwrap_or_default();
    for (key, default) in &definition.input_template {
        if map.get(key).is_none_or(Value::is_null) {
            map.insert(key.clone(), default.clone());
        }
    }
    if is_inline {
        let metadata = map.entry("_systemMetadata").or_insert_with(|| Value::Object(Map::new()));
        if let Some(metadata) = metadata.as_object_mut() {
            metadata.insert("dynamic".to_owned(), Value::Bool(true));
        }
    }
    Payload::from_value(&Value::Object(map))
}

fn origin(
    run: &Run,
    parent: TaskId,
    task_input: &Value,
    definition: &Workflow,
    input: Payload,
    context: Context<'_>,
) -> Origin {
    // Only a number counts; a child does not inherit its parent's priority (quirk 35, copied).
    let priority = task_input.get("priority").and_then(Value::as_u64).unwrap_or(0).min(99);
    let task_to_domain = match task_input.get("subWorkflowTaskToDomain").and_then(Value::as_object)
    {
        Some(map) => map
            .iter()
            .filter_map(|(name, domain)| Some((name.clone(), domain.as_str()?.to_owned())))
            .collect(),
        None => run.task_to_domain.clone(),
    };
    Origin {
        definition: definition.hash,
        input,
        correlation: run.correlation.clone(),
        priority: u8::try_from(priority).unwrap_or(0),
        task_to_domain,
        parent: Some((parent, run.depth + 1)),
        created_by: run.created_by.clone(),
        idempotency_key: None,
        at: context.now,
    }
}
