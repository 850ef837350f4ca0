//! `forkTaskInputs`: one branch for each element of a list, all of the same task.

use serde_json::{Map, Value, json};

use crate::definition::Step;
use crate::task_kinds::dynamic_fork::collect::{Branches, Reason, is_long, too_many};
use crate::task_kinds::dynamic_fork::forms::short;
use crate::task_kinds::system_types;

/// The fork that is reached.
#[derive(Debug)]
pub(super) struct Fork<'a> {
    /// Its step.
    pub step: &'a Step,
    /// Its reference.
    pub reference: String,
    /// Whether a dynamic fork ran before in this run.
    pub is_later: bool,
}

/// Fields of a task in a definition that change what a worker's task does: an element's keys of
/// these names also set the field. Name, reference, type and inputs come from the fork; other
/// fields are data and no more, so that branches stay alike.
const WORKER_FIELDS: &[&str] =
    &["asyncComplete", "optional", "permissive", "retryCount", "startDelay", "taskDefinition"];

/// The same for tasks the server performs itself.
const SYSTEM_FIELDS: &[&str] = &[
    "asyncComplete",
    "caseExpression",
    "caseValueParam",
    "decisionCases",
    "defaultCase",
    "defaultExclusiveJoinTask",
    "dynamicForkJoinTasksParam",
    "dynamicForkTasksInputParamName",
    "dynamicForkTasksParam",
    "dynamicTaskNameParam",
    "evaluatorType",
    "expression",
    "forkTasks",
    "items",
    "joinOn",
    "loopCondition",
    "loopOver",
    "optional",
    "permissive",
    "retryCount",
    "scriptExpression",
    "sink",
    "startDelay",
    "subWorkflowParam",
    "taskDefinition",
];

pub(super) fn branches(
    fork: &Fork<'_>,
    input: &Map<String, Value>,
    list: &Value,
) -> Result<Branches, Reason> {
    let Value::Array(list) = list else {
        return Err(format!(
            "Input 'forkTaskInputs' is invalid. Expecting a list of inputs but found '{}'",
            short(list)
        ));
    };
    if list.len() > fermata_types::limits::FORK_BRANCHES_MAX as usize {
        return Err(too_many());
    }
    let alike = Alike::of(fork, input)?;
    let mut branches = Branches::numbered(alike.prefix(fork));
    let shared = (!list.is_empty()).then(|| branches.step(alike.step.clone()));
    for (index, element) in list.iter().enumerate() {
        let mut map = match element {
            Value::Object(map) => map.clone(),
            other => Map::from_iter([("input".to_owned(), other.clone())]),
        };
        let kind = match alike.own_step(element) {
            Some(step) => branches.step(step),
            None => shared.unwrap_or(0),
        };
        map.insert("__index".to_owned(), Value::from(index));
        branches.add(None, kind, &Value::Object(map))?;
    }
    Ok(branches)
}

/// The task that all branches are made from.
struct Alike {
    name: String,
    fields: &'static [&'static str],
    step: Map<String, Value>,
    is_optional: bool,
}

impl Alike {
    fn of(fork: &Fork<'_>, input: &Map<String, Value>) -> Result<Self, Reason> {
        let text =
            |field: &str| input.get(field).and_then(Value::as_str).filter(|it| !it.is_empty());
        let workflow = text("forkTaskWorkflow");
        let kind = match workflow {
            Some(_) => "SUB_WORKFLOW",
            None => text("forkTaskType").unwrap_or("SIMPLE"),
        };
        let system = Some(kind).filter(|kind| system_types::is_system(kind));
        let named = text("forkTaskName").or(workflow).or(system);
        let name = named.map_or_else(|| fork.reference.clone(), str::to_owned);
        // What is left of the limit is for the prefix and the index.
        if is_long(&name)
            || name.len() + fork.reference.len() + 16 > fermata_types::limits::NAME_BYTES_MAX
        {
            return Err(format!("forkTaskName is too long: {}", short(&Value::from(name))));
        }
        let mut step = Map::new();
        step.insert("name".to_owned(), Value::from(name.clone()));
        step.insert("type".to_owned(), Value::from(kind));
        if let Some(workflow) = workflow {
            let version = match input.get("forkTaskWorkflowVersion") {
                Some(Value::String(version)) => version.trim().parse::<i64>().ok(),
                Some(version) => version.as_i64(),
                None => None,
            };
            let mut params = json!({ "name": workflow });
            if let (Some(version), Some(params)) = (version, params.as_object_mut()) {
                params.insert("version".to_owned(), Value::from(version));
            }
            step.insert("subWorkflowParam".to_owned(), params);
        }
        let is_optional = fork.step.optional;
        if is_optional {
            step.insert("optional".to_owned(), Value::Bool(true));
        }
        let fields = if system.is_some() { SYSTEM_FIELDS } else { WORKER_FIELDS };
        Ok(Self { name, fields, step, is_optional })
    }

    fn prefix(&self, fork: &Fork<'_>) -> String {
        if fork.is_later {
            format!("_{}_{}_", fork.reference, self.name)
        } else {
            format!("_{}_", self.name)
        }
    }

    /// The step of a branch whose element sets some of its fields; none when it sets none.
    fn own_step(&self, element: &Value) -> Option<Map<String, Value>> {
        let element = element.as_object()?;
        let is_field = |key: &String| self.fields.binary_search(&key.as_str()).is_ok();
        let domains = element.get("taskToDomain").filter(|it| it.is_object());
        let domains = domains.filter(|_| self.step.contains_key("subWorkflowParam"));
        if domains.is_none() && !element.keys().any(is_field) {
            return None;
        }
        let mut step = self.step.clone();
        let fields = element.iter().filter(|(key, _)| is_field(key));
        step.extend(fields.map(|(key, value)| (key.clone(), value.clone())));
        if self.is_optional {
            step.insert("optional".to_owned(), Value::Bool(true));
        }
        let params = step.get_mut("subWorkflowParam").and_then(Value::as_object_mut);
        if let (Some(domains), Some(params)) = (domains, params) {
            params.insert("taskToDomain".to_owned(), domains.clone());
        }
        Some(step)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_fields_are_sorted() {
        for fields in [super::WORKER_FIELDS, super::SYSTEM_FIELDS] {
            assert!(fields.is_sorted_by(|one, next| one < next));
        }
    }
}
