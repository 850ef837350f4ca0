//! Event handlers: what follows an event (`conductor-semantics` 9).

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::command::ReportedStatus;
use crate::definition::model::Evaluator;
use crate::expression::{Template, occurrences};

/// The name under which templates of a handler see the event's payload.
pub const PAYLOAD: &str = "event";
/// Events of this kind never leave the server.
const INSIDE: &str = "conductor";
/// Actions of one handler; more are refused.
const ACTIONS_MAX: usize = 64;

/// What one action does.
#[derive(Debug, Clone)]
pub enum Action {
    /// `start_workflow`.
    Start {
        /// The workflow's name, not resolved.
        name: String,
        /// Its version; none is the latest.
        version: Option<i32>,
        /// Correlation id, input and domains.
        request: Template,
    },
    /// `complete_task` or `fail_task`.
    Finish {
        /// COMPLETED or FAILED.
        status: ReportedStatus,
        /// Ids, reference, output and reason.
        request: Template,
    },
    /// One that is stored and, as upstream, does nothing.
    Unsupported(String),
}

/// One action of a handler.
#[derive(Debug, Clone)]
pub struct Step {
    /// What it does.
    pub action: Action,
    /// Texts in the payload that are JSON are read as such first.
    pub expands_json: bool,
}

/// A handler, read once.
#[derive(Debug, Clone)]
pub struct Handler {
    /// Its name.
    pub name: String,
    /// The event it is for.
    pub event: String,
    /// What has to hold; none always does.
    pub condition: Option<Arc<str>>,
    /// How the condition is read.
    pub evaluator: Evaluator,
    /// What it does.
    pub steps: Vec<Step>,
    /// Whether it acts at all.
    pub is_active: bool,
}

/// What is wrong with a handler, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
pub struct Fault {
    /// Where in the handler's JSON.
    pub path: String,
    /// What.
    pub message: String,
}

fn fault(path: impl Into<String>, message: impl Into<String>) -> Fault {
    Fault { path: path.into(), message: message.into() }
}

fn text<'a>(map: &'a Map<String, Value>, field: &str) -> Option<&'a str> {
    map.get(field).and_then(Value::as_str).filter(|text| !text.trim().is_empty())
}

impl Handler {
    /// Reads a handler's JSON.
    ///
    /// # Errors
    /// [`Fault`]: a rule of `conductor-semantics` 9.1, a wrong type, or an event that comes from
    /// an outside system.
    pub fn read(value: &Value) -> Result<Self, Fault> {
        let map = value.as_object().ok_or_else(|| fault("", "not an object"))?;
        let name = text(map, "name").ok_or_else(|| fault("name", "Missing event handler name"))?;
        let event = text(map, "event").ok_or_else(|| fault("event", "Missing event location"))?;
        if let Some(kind) = outside(event) {
            return Err(fault("event", unknown(kind)));
        }
        let actions = map.get("actions").and_then(Value::as_array).filter(|all| !all.is_empty());
        let actions = actions.ok_or_else(|| {
            fault("actions", "No actions specified. Please specify at-least one action")
        })?;
        if actions.len() > ACTIONS_MAX {
            return Err(fault("actions", format!("more than {ACTIONS_MAX} actions")));
        }
        let steps = actions.iter().enumerate();
        let steps = steps.map(|(at, action)| step(action, &format!("actions[{at}]")));
        Ok(Self {
            name: name.to_owned(),
            event: event.to_owned(),
            condition: text(map, "condition").map(Arc::from),
            // Any other name means JavaScript (`conductor-semantics` 9.2).
            evaluator: match Evaluator::named(text(map, "evaluatorType").unwrap_or("javascript")) {
                Evaluator::ValueParam => Evaluator::ValueParam,
                _ => Evaluator::JavaScript,
            },
            steps: steps.collect::<Result<_, _>>()?,
            is_active: map.get("active").and_then(Value::as_bool).unwrap_or(false),
        })
    }
}

/// The kind of queue that an event or sink names, when it is one outside the server.
#[must_use]
pub fn outside(event: &str) -> Option<&str> {
    let kind = event.split_once(':').map_or(event, |(kind, _)| kind);
    (kind != INSIDE).then_some(kind)
}

/// Why an outside system cannot be used.
#[must_use]
pub fn unknown(kind: &str) -> String {
    format!("Unknown queue type {kind}: this version of Fermata has only conductor queues")
}

fn step(value: &Value, path: &str) -> Result<Step, Fault> {
    let map = value.as_object().ok_or_else(|| fault(path, "not an object"))?;
    let kind = text(map, "action").ok_or_else(|| fault(format!("{path}.action"), "missing"))?;
    let lower = kind.to_lowercase();
    let no_details = Map::new();
    let details = match map.get(&lower) {
        None | Some(Value::Null) => &no_details,
        Some(Value::Object(details)) => details,
        Some(_) => return Err(fault(format!("{path}.{lower}"), "not an object")),
    };
    let action = match lower.as_str() {
        "start_workflow" => start(details, &format!("{path}.start_workflow"))?,
        "complete_task" => finish(ReportedStatus::Completed, details),
        "fail_task" => finish(ReportedStatus::Failed, details),
        "terminate_workflow" | "update_workflow_variables" => Action::Unsupported(lower),
        "start_agent" => {
            let message = "start_agent is not supported by this version of Fermata";
            return Err(fault(format!("{path}.action"), message));
        }
        _ => return Err(fault(format!("{path}.action"), format!("no such action: {kind}"))),
    };
    let expands_json = map.get("expandInlineJSON").and_then(Value::as_bool).unwrap_or(false);
    Ok(Step { action, expands_json })
}

fn start(details: &Map<String, Value>, path: &str) -> Result<Action, Fault> {
    let name = text(details, "name");
    let name = name.ok_or_else(|| fault(format!("{path}.name"), "no workflow name given"))?;
    let version = match details.get("version") {
        None | Some(Value::Null) => None,
        Some(version) => {
            let read = version.as_i64().and_then(|version| i32::try_from(version).ok());
            let wrong = || fault(format!("{path}.version"), "not an integer of 32 bits");
            Some(read.ok_or_else(wrong)?)
        }
    };
    let shown = |field: &str| details.get(field).map(rooted).unwrap_or_default();
    let request = json!({
        "correlationId": shown("correlationId"),
        "input": shown("input"),
        "taskToDomain": details.get("taskToDomain").cloned().unwrap_or_default(),
    });
    Ok(Action::Start { name: name.to_owned(), version, request: Template::parse(&request) })
}

fn finish(status: ReportedStatus, details: &Map<String, Value>) -> Action {
    let shown = |field: &str| details.get(field).map(rooted).unwrap_or_default();
    let request = json!({
        "workflowId": shown("workflowId"),
        "taskId": shown("taskId"),
        "taskRefName": shown("taskRefName"),
        "reasonForIncompletion": shown("reasonForIncompletion"),
        "output": shown("output"),
    });
    Action::Finish { status, request: Template::parse(&request) }
}

/// Expressions of actions begin at the payload's root: they are made to begin at its name.
fn rooted(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(rooted_text(text)),
        Value::Array(items) => Value::Array(items.iter().map(rooted).collect()),
        Value::Object(map) => {
            Value::Object(map.iter().map(|(key, item)| (key.clone(), rooted(item))).collect())
        }
        other => other.clone(),
    }
}

fn rooted_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for found in occurrences(text) {
        out.push_str(text.get(at..found.start).unwrap_or(""));
        let path = rooted_text(found.path);
        let path = path.strip_prefix('$').unwrap_or(&path);
        let dot = if path.starts_with(['.', '[']) || path.is_empty() { "" } else { "." };
        out.push_str(&format!("${{{PAYLOAD}.output{dot}{path}}}"));
        at = found.end;
    }
    out.push_str(text.get(at..).unwrap_or(""));
    out
}
