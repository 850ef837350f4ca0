//! START_WORKFLOW: starts a run that is no part of this tree, and completes once that is durable
//! (`conductor-semantics` 5.12; idempotency keys as in design 12).

use fermata_types::{Payload, RunId, Span, TaskNumber, TaskStatus, limits};
use serde_json::{Map, Value, json};

use crate::context::{Context, Found};
use crate::definition::{Kind, Workflow};
use crate::effect::{AskedBy, Effect, Idempotency, StartAnswer, StartRun, Strategy};
use crate::event::{Event, Origin, Scheduled};
use crate::needs::{DefinitionRequest, Needs};
use crate::run::advance::Step;
use crate::run::decide::Decision;
use crate::run::state::Run;
use crate::run::task::Task;
use crate::task_kinds::closing;

/// Highest priority of a run.
const PRIORITY_MAX: i64 = 99;

/// Makes the task and, in the same commit, the request for its run; a task with a delay asks once
/// that is over.
pub(crate) fn enter(
    run: &Run,
    mut scheduled: Scheduled,
    context: Context<'_>,
) -> Result<Step, Needs> {
    let number = scheduled.number;
    if scheduled.delay > Span::ZERO {
        scheduled.status = TaskStatus::Scheduled;
        return Ok(Step::of(vec![Event::TaskScheduled(Box::new(scheduled))]));
    }
    let input = scheduled.input.to_value();
    let mut step = Step::of(vec![Event::TaskScheduled(Box::new(scheduled))]);
    let asked = ask(run, number, &input, context)?;
    step.events.extend(asked.events);
    step.effects.extend(asked.effects);
    Ok(step)
}

/// The delay is over: the run is asked for.
pub(crate) fn launch(run: &Run, task: &Task, context: Context<'_>) -> Result<Step, Needs> {
    let input = closing::input(task, context)?;
    ask(run, task.number, &input, context)
}

/// Whoever was asked has answered. An answer to a task that has ended or was reset is ignored.
pub(crate) fn answered(run: &Run, answer: &StartAnswer, context: Context<'_>) -> Decision {
    let AskedBy { task, epoch } = answer.asked_by;
    let is_awaited = run.task(task.number()).is_some_and(|task| {
        matches!(run.step_of(task).kind, Kind::StartWorkflow)
            && run.shown_status(task) == TaskStatus::InProgress
    });
    if !is_awaited || run.epoch != epoch {
        return Decision::nothing();
    }
    let number = task.number();
    let event = match &answer.outcome {
        Ok(started) => {
            let output = json!({ "workflowId": started.to_string() });
            closing::completed(number, Some(Payload::from_value(&output)), context)
        }
        Err(reason) => refused(number, reason.clone(), context),
    };
    Decision::done(vec![event], Vec::new())
}

fn ask(run: &Run, number: TaskNumber, input: &Value, context: Context<'_>) -> Result<Step, Needs> {
    let start = match start(run, number, input, context)? {
        Ok(start) => start,
        Err(reason) => return Ok(Step::of(vec![refused(number, reason, context)])),
    };
    let event = Event::StartRequested { task: number, run: start.run, at: context.now };
    Ok(Step { events: vec![event], effects: vec![Effect::StartRun(Box::new(start))] })
}

fn refused(number: TaskNumber, reason: String, context: Context<'_>) -> Event {
    let reason = reason.chars().take(limits::REASON_CHARS_MAX).collect();
    closing::closed(number, TaskStatus::Failed, None, Some(reason), context)
}

/// What the task's input asks for; the inner error says why it cannot be had.
fn start(
    run: &Run,
    number: TaskNumber,
    input: &Value,
    context: Context<'_>,
) -> Result<Result<StartRun, String>, Needs> {
    let wanted = match Wanted::read(input) {
        Ok(wanted) => wanted,
        Err(reason) => return Ok(Err(reason)),
    };
    let definition = match context.fetched.definition(&wanted.definition) {
        Found::Definition(definition) => definition,
        Found::Refused(reason) => return Ok(Err(reason)),
        Found::Unknown => return Err(Needs::definition(wanted.definition)),
    };
    let input = with_template(wanted.input, &definition);
    let limit = context.fetched.payload_limits().workflow_input.hard;
    if input.len() > limit {
        return Ok(Err(format!("The input of {} bytes is larger than {limit} bytes", input.len())));
    }
    let id: Option<RunId> = match wanted.idempotency {
        Some(_) => None,
        None => Some(context.fetched.mint_elsewhere()),
    };
    let origin = Origin {
        definition: definition.hash,
        input,
        correlation: wanted.correlation.or_else(|| run.correlation.clone()),
        priority: wanted.priority,
        task_to_domain: wanted.task_to_domain.unwrap_or_else(|| run.task_to_domain.clone()),
        parent: None,
        created_by: wanted.created_by.or_else(|| run.created_by.clone()),
        idempotency_key: wanted.idempotency.as_ref().map(|given| given.key.clone()),
        at: context.now,
    };
    let asked_by = Some(AskedBy { task: run.id.task(number), epoch: run.epoch });
    Ok(Ok(StartRun { run: id, definition, origin, idempotency: wanted.idempotency, asked_by }))
}

/// A StartWorkflowRequest (`conductor-rest` 3.9).
struct Wanted {
    definition: DefinitionRequest,
    input: Map<String, Value>,
    correlation: Option<String>,
    priority: u8,
    task_to_domain: Option<Vec<(String, String)>>,
    created_by: Option<String>,
    idempotency: Option<Idempotency>,
}

impl Wanted {
    fn read(task_input: &Value) -> Result<Self, String> {
        let request = match task_input.get("startWorkflow") {
            None | Some(Value::Null) => {
                return Err("Missing 'startWorkflow' in input data.".to_owned());
            }
            Some(Value::Object(request)) => request,
            Some(_) => return Err(misread("startWorkflow: not an object")),
        };
        Ok(Self {
            definition: definition(request)?,
            input: match request.get("input") {
                None => Map::new(),
                Some(Value::Object(input)) => input.clone(),
                Some(Value::Null) => {
                    return Err(violated("input", "NULL input passed when starting workflow"));
                }
                Some(_) => return Err(misread("input: not an object")),
            },
            correlation: text(request, "correlationId")?,
            priority: priority(request)?,
            task_to_domain: task_to_domain(request)?,
            created_by: text(request, "createdBy")?,
            idempotency: idempotency(request)?,
        })
    }
}

fn misread(what: &str) -> String {
    format!("Error reading StartWorkflowRequest. {what}")
}

fn violated(path: &str, message: &str) -> String {
    format!("startWorkflow validation failed. '{path}' -> {message}. ")
}

/// A text; numbers and booleans are read as one, as the reference server does.
fn text(request: &Map<String, Value>, field: &str) -> Result<Option<String>, String> {
    match request.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(other @ (Value::Number(_) | Value::Bool(_))) => Ok(Some(other.to_string())),
        Some(_) => Err(misread(&format!("{field}: not a text"))),
    }
}

fn integer(request: &Map<String, Value>, field: &str) -> Result<Option<i64>, String> {
    let read = match request.get(field) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(number)) => number.as_i64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        Some(_) => None,
    };
    read.map(Some).ok_or_else(|| misread(&format!("{field}: not an integer")))
}

fn definition(request: &Map<String, Value>) -> Result<DefinitionRequest, String> {
    let name = text(request, "name")?;
    let version = integer(request, "version")?;
    match request.get("workflowDef") {
        None | Some(Value::Null) => {}
        Some(inline @ Value::Object(_)) => {
            return Ok(DefinitionRequest::Inline(inline.to_string()));
        }
        Some(_) => return Err(misread("workflowDef: not an object")),
    }
    let name = name.filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| violated("name", "Workflow name cannot be null or empty"))?;
    let version = match version.map(i32::try_from) {
        None => None,
        Some(Ok(version)) => Some(version),
        Some(Err(_)) => return Err(misread("version: not an integer of 32 bits")),
    };
    Ok(DefinitionRequest::Named { name, version })
}

fn priority(request: &Map<String, Value>) -> Result<u8, String> {
    let given = integer(request, "priority")?.unwrap_or(0);
    let limit = match given {
        ..0 => "minimum 0",
        0..=PRIORITY_MAX => return Ok(u8::try_from(given).unwrap_or(0)),
        _ => "maximum 99",
    };
    Err(violated("priority", &format!("priority: {given} should be {limit}")))
}

fn task_to_domain(request: &Map<String, Value>) -> Result<Option<Vec<(String, String)>>, String> {
    let map = match request.get("taskToDomain") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Object(map)) => map,
        Some(_) => return Err(misread("taskToDomain: not an object")),
    };
    let read = |(name, domain): (&String, &Value)| match domain {
        Value::String(domain) => Ok((name.clone(), domain.clone())),
        _ => Err(misread(&format!("taskToDomain.{name}: not a text"))),
    };
    let pairs: Vec<_> = map.iter().map(read).collect::<Result<_, _>>()?;
    Ok(Some(pairs).filter(|pairs| !pairs.is_empty()))
}

/// A key without a strategy means FAIL (design 3).
fn idempotency(request: &Map<String, Value>) -> Result<Option<Idempotency>, String> {
    let key = text(request, "idempotencyKey")?.filter(|key| !key.is_empty());
    let strategy = match text(request, "idempotencyStrategy")?.as_deref() {
        None | Some("FAIL") => Strategy::Fail,
        Some("RETURN_EXISTING") => Strategy::ReturnExisting,
        Some("FAIL_ON_RUNNING") => Strategy::FailOnRunning,
        Some(_) => return Err(misread("idempotencyStrategy: no such strategy")),
    };
    Ok(key.map(|key| Idempotency { key, strategy }))
}

/// Puts the defaults of the definition under the input: a key that is there and not null wins.
pub(crate) fn with_template(mut input: Map<String, Value>, definition: &Workflow) -> Payload {
    for (key, default) in &definition.input_template {
        if input.get(key).is_none_or(Value::is_null) {
            input.insert(key.clone(), default.clone());
        }
    }
    Payload::from_value(&Value::Object(input))
}
