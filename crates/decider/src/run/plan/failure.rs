//! The failure workflow: started once when a run ends without success (`conductor-semantics`
//! 4.13; quirks 27, 68 and 71 fixed).

use std::sync::Arc;

use fermata_types::{Payload, RunId, RunStatus};
use serde_json::{Map, Value};

use crate::context::{Context, Found};
use crate::definition::Workflow;
use crate::effect::{Effect, StartRun};
use crate::event::{Origin, RunOutput};
use crate::needs::{DefinitionRequest, Needs};
use crate::run::execution;
use crate::run::plan::finish::{self, Ending};
use crate::run::state::Run;
use crate::task_kinds::start_workflow;

/// The key under which the run's output names its failure workflow.
pub const OUTPUT_KEY: &str = "conductor.failure_workflow";

/// What becomes of the run's output, and the start, if it could be made.
pub(super) struct Failure {
    /// The output, which says what was started or why nothing was.
    pub output: RunOutput,
    /// The start.
    pub effect: Option<Effect>,
}

/// The failure workflow of a run that ends like this; none when its definition names none or it
/// ends well.
pub(super) fn start(
    run: &Run,
    ending: &Ending,
    output: &RunOutput,
    context: Context<'_>,
) -> Result<Option<Failure>, Needs> {
    let Some(given) = run.definition.failure_workflow.as_deref() else { return Ok(None) };
    if ending.status == RunStatus::Completed {
        return Ok(None);
    }
    let Some(input) = context.fetched.payload(run.input) else {
        return Err(Needs::payloads(vec![run.input]));
    };
    let input = input.to_value();
    let output = finish::materialize(run, output, context)?;
    let (named, effect) = match begin(run, given, ending, (&input, &output), context)? {
        Ok((id, effect)) => (id.to_string(), Some(effect)),
        Err(reason) => (format!("Error workflow {given} failed to start.  reason: {reason}"), None),
    };
    let mut shown = match output.to_value() {
        Value::Object(map) => map,
        _ => Map::new(),
    };
    shown.insert(OUTPUT_KEY.to_owned(), Value::String(named));
    let output = RunOutput::Value(Payload::from_value(&Value::Object(shown)));
    Ok(Some(Failure { output, effect }))
}

fn begin(
    run: &Run,
    given: &str,
    ending: &Ending,
    (input, output): (&Value, &Payload),
    context: Context<'_>,
) -> Result<Result<(RunId, Effect), String>, Needs> {
    let Some(name) = name(given, input) else {
        return Ok(Err(format!("{given} names no workflow")));
    };
    let request = DefinitionRequest::Named { name, version: run.definition.failure_version };
    let definition = match context.fetched.definition(&request) {
        Found::Definition(definition) => definition,
        Found::Refused(reason) => return Ok(Err(reason)),
        Found::Unknown => return Err(Needs::definition(request)),
    };
    let input = failure_input(run, ending, (input, output), context)?;
    let input = start_workflow::with_template(input, &definition);
    let limit = context.fetched.payload_limits().workflow_input.hard;
    if input.len() > limit {
        let size = input.len();
        return Ok(Err(format!("its input of {size} bytes is larger than {limit} bytes")));
    }
    let id = context.fetched.mint_elsewhere();
    Ok(Ok((id, effect(run, id, definition, input, context))))
}

/// A value that begins with `$` names a key of the run's input, with or without braces.
fn name(given: &str, input: &Value) -> Option<String> {
    let Some(path) = given.strip_prefix('$') else { return Some(given.to_owned()) };
    let path = path.strip_prefix('{').and_then(|path| path.strip_suffix('}')).unwrap_or(path);
    let key = path.splitn(3, '.').nth(2)?;
    input.get(key).and_then(Value::as_str).filter(|name| !name.is_empty()).map(str::to_owned)
}

fn failure_input(
    run: &Run,
    ending: &Ending,
    (input, output): (&Value, &Payload),
    context: Context<'_>,
) -> Result<Map<String, Value>, Needs> {
    let whole = execution::ended(run, ending, (input, output), context)?;
    let mut map = input.as_object().cloned().unwrap_or_default();
    map.insert("workflowId".to_owned(), Value::from(run.id.to_string()));
    map.insert("reason".to_owned(), Value::from(ending.reason.clone()));
    map.insert("failureStatus".to_owned(), Value::from(ending.status.as_str()));
    if let Some(task) = ending.failed_task {
        map.insert("failureTaskId".to_owned(), Value::from(run.id.task(task).to_string()));
    }
    map.insert("failedWorkflow".to_owned(), whole);
    Ok(map)
}

fn effect(
    run: &Run,
    id: RunId,
    definition: Arc<Workflow>,
    input: Payload,
    context: Context<'_>,
) -> Effect {
    let origin = Origin {
        definition: definition.hash,
        input,
        correlation: run.correlation.clone(),
        priority: 0,
        task_to_domain: run.task_to_domain.clone(),
        parent: None,
        created_by: run.created_by.clone(),
        idempotency_key: None,
        at: context.now,
    };
    let (idempotency, asked_by) = (None, None);
    Effect::StartRun(Box::new(StartRun {
        run: Some(id),
        definition,
        origin,
        idempotency,
        asked_by,
    }))
}
