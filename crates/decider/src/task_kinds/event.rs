//! EVENT: publishes its input; what the handlers of that event do is decided and committed with it
//! (`conductor-semantics` 5.17 and 9; quirk 38 fixed: it is published once).

use std::borrow::Cow;

use fermata_types::{Payload, RunId, TaskId, TaskStatus};
use serde_json::{Map, Value, json};

use crate::command::ReportedStatus;
use crate::context::{Context, Found};
use crate::definition::Evaluator;
use crate::definition::handler::{self, Action, Handler};
use crate::effect::{Effect, FinishTask, StartRun, TaskPlace};
use crate::event::{Event, Origin, Scheduled};
use crate::expression::{Document, Field, Lookup, Source, Template};
use crate::needs::{DefinitionRequest, Evaluated, Needs};
use crate::run::advance::Step;
use crate::run::document::{self, RunDocument};
use crate::run::plan::finish;
use crate::run::state::Run;
use crate::run::task::Task;
use crate::task_kinds::{closing, script_task, start_workflow};

/// Texts inside a payload that are JSON are read that deep.
const EXPANDED_DEPTH: usize = 16;

/// Makes the task; its input names the sink and whether someone else completes it.
pub(crate) fn enter(
    run: &Run,
    mut scheduled: Scheduled,
    (sink, is_async): (&Template, bool),
    context: Context<'_>,
) -> Result<Step, Needs> {
    let document = RunDocument::for_task(run, sink.references(), context);
    let sink = match document::resolve(sink, &document)? {
        Ok(sink) => sink,
        Err(limit) => return finish::failed(run, limit, None, context),
    };
    let mut input = match scheduled.input.to_value() {
        Value::Object(map) => map,
        _ => Map::new(),
    };
    input.insert("sink".to_owned(), sink);
    input.entry("asyncComplete").or_insert(Value::Bool(is_async));
    scheduled.input = Payload::from_value(&Value::Object(input));
    Ok(Step::of(vec![Event::TaskScheduled(Box::new(scheduled))]))
}

/// Publishes.
pub(crate) fn perform(run: &Run, task: &Task, context: Context<'_>) -> Result<Step, Needs> {
    let input = closing::input(task, context)?;
    let event = match queue(run, task, input.get("sink")) {
        Ok(event) => event,
        Err(reason) => {
            let failed = TaskStatus::Failed;
            let closed = closing::closed(task.number, failed, None, Some(reason), context);
            return Ok(Step::of(vec![closed]));
        }
    };
    let is_async = input.get("asyncComplete").and_then(Value::as_bool).unwrap_or(false);
    let payload = payload(run, &event, input);
    let published = Published { run, task, event: &event, payload: &payload, context };
    let mut effects = Vec::new();
    let mut needs = Needs::default();
    for handler in context.fetched.handlers(&event) {
        match published.handled(&handler) {
            Ok(more) => effects.extend(more),
            Err(more) => needs.add(more),
        }
    }
    if !needs.is_empty() {
        return Err(needs);
    }
    let output = Payload::from_value(&payload);
    let event = if is_async {
        Event::EventPublished { task: task.number, output, at: context.now }
    } else {
        closing::completed(task.number, Some(output), context)
    };
    Ok(Step { events: vec![event], effects })
}

/// The queue that a sink means.
fn queue(run: &Run, task: &Task, sink: Option<&Value>) -> Result<String, String> {
    let sink = sink.and_then(Value::as_str).unwrap_or("");
    let workflow = &run.definition.key.name;
    if sink == "conductor" {
        return Ok(format!("conductor:{workflow}:{}", run.reference_of(task)));
    }
    if let Some(name) = sink.strip_prefix("conductor:") {
        return Ok(format!("conductor:{workflow}:{name}"));
    }
    if sink.starts_with("conductor") || !sink.contains(':') {
        return Err(format!("Invalid / Unsupported sink specified: {sink}"));
    }
    let kind = handler::outside(sink).unwrap_or(sink);
    let id = run.id.task(task.number);
    let why = handler::unknown(kind);
    Err(format!("Error loading queue:{sink}, for task:{id}, error: {why}"))
}

fn payload(run: &Run, event: &str, input: Value) -> Value {
    let mut map = match input {
        Value::Object(map) => map,
        _ => Map::new(),
    };
    let domains: Map<String, Value> = run
        .task_to_domain
        .iter()
        .map(|(name, domain)| (name.clone(), Value::from(domain.clone())))
        .collect();
    map.insert("workflowInstanceId".to_owned(), Value::from(run.id.to_string()));
    map.insert("workflowType".to_owned(), Value::from(run.definition.key.name.clone()));
    map.insert("workflowVersion".to_owned(), Value::from(run.definition.key.version));
    map.insert("correlationId".to_owned(), Value::from(run.correlation.clone()));
    map.insert("taskToDomain".to_owned(), Value::Object(domains));
    map.insert("event_produced".to_owned(), Value::from(event));
    Value::Object(map)
}

/// A payload as the document that a handler's expressions read.
struct EventDocument<'a>(&'a Value);

impl Document for EventDocument<'_> {
    type Key = std::convert::Infallible;

    fn lookup(&self, source: &Source, field: Field) -> Lookup<'_, Self::Key> {
        match (source, field) {
            (Source::Task(name), Field::Output) if name == handler::PAYLOAD => {
                Lookup::Value(Cow::Borrowed(self.0))
            }
            _ => Lookup::Absent,
        }
    }
}

/// One event, once.
struct Published<'a> {
    run: &'a Run,
    task: &'a Task,
    event: &'a str,
    payload: &'a Value,
    context: Context<'a>,
}

impl Published<'_> {
    /// What a handler does; nothing when its condition does not hold, or cannot be evaluated.
    fn handled(&self, handler: &Handler) -> Result<Vec<Effect>, Needs> {
        if !self.holds(handler)? {
            return Ok(Vec::new());
        }
        let mut effects = Vec::new();
        for step in &handler.steps {
            let expanded = step.expands_json.then(|| expanded(self.payload, 0));
            let payload = expanded.as_ref().unwrap_or(self.payload);
            let effect = match &step.action {
                Action::Start { name, version, request } => {
                    self.start((name, *version), request, payload)?
                }
                Action::Finish { status, request } => self.finish(*status, request, payload),
                Action::Unsupported(_) => None,
            };
            effects.extend(effect);
        }
        Ok(effects)
    }

    fn holds(&self, handler: &Handler) -> Result<bool, Needs> {
        let Some(condition) = &handler.condition else { return Ok(true) };
        let payload = expanded(self.payload, 0);
        let value = match handler.evaluator {
            Evaluator::ValueParam => {
                payload.get(condition.as_ref()).cloned().unwrap_or(Value::Null)
            }
            _ => {
                let place = (self.task.number, self.run.step_of(self.task).id);
                match script_task::evaluate(place, condition, &payload, self.context)? {
                    Evaluated::Value(value) => value.to_value(),
                    Evaluated::Failed(_) | Evaluated::TimedOut(_) => Value::Null,
                }
            }
        };
        Ok(value.as_bool().unwrap_or_else(|| value.as_f64().is_some_and(|number| number > 0.0)))
    }

    fn resolved(&self, request: &Template, payload: &Value) -> Option<Value> {
        request.resolve(&EventDocument(payload)).ok()
    }

    /// The two keys that tell of the event.
    fn tell(&self, map: &mut Map<String, Value>) {
        let id = self.run.id.task(self.task.number).to_string();
        map.insert("conductor.event.messageId".to_owned(), Value::from(id));
        map.insert("conductor.event.name".to_owned(), Value::from(self.event));
    }

    fn start(
        &self,
        (name, version): (&str, Option<i32>),
        request: &Template,
        payload: &Value,
    ) -> Result<Option<Effect>, Needs> {
        let wanted = DefinitionRequest::Named { name: name.to_owned(), version };
        let definition = match self.context.fetched.definition(&wanted) {
            Found::Definition(definition) => definition,
            Found::Refused(_) => return Ok(None),
            Found::Unknown => return Err(Needs::definition(wanted)),
        };
        let Some(request) = self.resolved(request, payload) else { return Ok(None) };
        let mut input =
            request.get("input").and_then(Value::as_object).cloned().unwrap_or_default();
        self.tell(&mut input);
        let input = start_workflow::with_template(input, &definition);
        if input.len() > self.context.fetched.payload_limits().workflow_input.hard {
            return Ok(None);
        }
        let given = request.get("taskToDomain").and_then(Value::as_object);
        let domains = given.or_else(|| payload.get("taskToDomain").and_then(Value::as_object));
        let pairs = domains.into_iter().flatten();
        let origin = Origin {
            definition: definition.hash,
            input,
            correlation: request.get("correlationId").and_then(Value::as_str).map(str::to_owned),
            priority: 0,
            task_to_domain: pairs
                .filter_map(|(name, domain)| Some((name.clone(), domain.as_str()?.to_owned())))
                .collect(),
            parent: None,
            created_by: None,
            idempotency_key: None,
            at: self.context.now,
        };
        let run = Some(self.context.fetched.mint_elsewhere());
        let (idempotency, asked_by) = (None, None);
        let start = StartRun { run, definition, origin, idempotency, asked_by };
        Ok(Some(Effect::StartRun(Box::new(start))))
    }

    fn finish(
        &self,
        status: ReportedStatus,
        request: &Template,
        payload: &Value,
    ) -> Option<Effect> {
        let request = self.resolved(request, payload)?;
        let text = |field: &str| request.get(field).and_then(Value::as_str);
        let place = match text("taskId").and_then(|id| id.parse::<TaskId>().ok()) {
            Some(task) => TaskPlace::Task(task),
            None => {
                let run = text("workflowId")?.parse::<RunId>().ok()?;
                TaskPlace::Reference(run, text("taskRefName")?.to_owned())
            }
        };
        let mut output =
            request.get("output").and_then(Value::as_object).cloned().unwrap_or_default();
        for field in ["workflowId", "taskId", "taskRefName", "reasonForIncompletion"] {
            if let Some(value) = request.get(field).filter(|value| !value.is_null()) {
                output.insert(field.to_owned(), value.clone());
            }
        }
        self.tell(&mut output);
        let output = Payload::from_value(&json!(output));
        let reason = text("reasonForIncompletion").map(str::to_owned);
        Some(Effect::FinishTask(Box::new(FinishTask { place, status, output, reason })))
    }
}

/// A payload whose texts are read as JSON where they are objects or lists.
fn expanded(value: &Value, depth: usize) -> Value {
    match value {
        _ if depth > EXPANDED_DEPTH => value.clone(),
        Value::String(text) if text.trim_start().starts_with(['{', '[']) => {
            serde_json::from_str(text)
                .map_or_else(|_| value.clone(), |read| expanded(&read, depth + 1))
        }
        Value::Array(items) => items.iter().map(|item| expanded(item, depth + 1)).collect(),
        Value::Object(map) => {
            let pairs = map.iter().map(|(key, item)| (key.clone(), expanded(item, depth + 1)));
            Value::Object(pairs.collect())
        }
        other => other.clone(),
    }
}
