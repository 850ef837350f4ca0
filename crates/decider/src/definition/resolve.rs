//! From a registered definition to a resolved one: task definitions embedded, versions of
//! sub-workflows pinned (`conductor-semantics` 2.1 and 4.1).

use serde_json::{Map, Value, json};

/// Registered definitions as they stand at this moment.
pub trait Catalog {
    /// JSON of the task definition of that name.
    fn task(&self, name: &str) -> Option<Value>;
    /// The highest version of the workflow of that name.
    fn latest_version(&self, workflow: &str) -> Option<i32>;
}

/// Why a definition cannot be resolved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// A sub-workflow without a version has no registered definition.
    #[error("The Task {0} defined as a sub-workflow has no workflow definition available ")]
    NoSubWorkflow(String),
}

/// Embeds task definitions and pins sub-workflow versions, in place.
///
/// # Errors
/// [`ResolveError::NoSubWorkflow`]: a literal name without a version that nobody registered.
pub fn resolve(definition: &mut Value, catalog: &dyn Catalog) -> Result<(), ResolveError> {
    match definition.get_mut("tasks") {
        Some(tasks) => each_step(tasks, catalog),
        None => Ok(()),
    }
}

/// The same for one task made from data while a run goes on. A sub-workflow that nobody registered
/// stays as it is: its task will fail and say so.
pub fn resolve_task(task: &mut Value, catalog: &dyn Catalog) {
    let mut list = Value::Array(vec![task.take()]);
    let _ = each_step(&mut list, catalog);
    if let Some(resolved) = list.as_array_mut().and_then(Vec::pop) {
        *task = resolved;
    }
}

fn each_step(list: &mut Value, catalog: &dyn Catalog) -> Result<(), ResolveError> {
    let Some(steps) = list.as_array_mut() else { return Ok(()) };
    for step in steps.iter_mut().filter_map(Value::as_object_mut) {
        embed_task_definition(step, catalog);
        pin_sub_workflow(step, catalog)?;
        for nested in ["defaultCase", "loopOver"] {
            if let Some(tasks) = step.get_mut(nested) {
                each_step(tasks, catalog)?;
            }
        }
        if let Some(cases) = step.get_mut("decisionCases").and_then(Value::as_object_mut) {
            for tasks in cases.values_mut() {
                each_step(tasks, catalog)?;
            }
        }
        if let Some(branches) = step.get_mut("forkTasks").and_then(Value::as_array_mut) {
            for tasks in branches {
                each_step(tasks, catalog)?;
            }
        }
    }
    Ok(())
}

fn embed_task_definition(step: &mut Map<String, Value>, catalog: &dyn Catalog) {
    if step.get("taskDefinition").is_some_and(Value::is_object) {
        return;
    }
    let name = step.get("name").and_then(Value::as_str).unwrap_or("").to_owned();
    let kind = step.get("type").and_then(Value::as_str).unwrap_or("SIMPLE").to_owned();
    let definition = match catalog.task(&name) {
        Some(definition) => definition,
        None => ad_hoc(&name, kind == "SIMPLE"),
    };
    step.insert("taskDefinition".to_owned(), definition);
}

/// The definition of an unregistered task: the class defaults for SIMPLE, no retries and no
/// response timeout for every other type (quirk 8, copied).
fn ad_hoc(name: &str, is_simple: bool) -> Value {
    json!({
        "createTime": 0, "updateTime": 0, "name": name,
        "retryCount": if is_simple { 3 } else { 0 },
        "timeoutSeconds": 0, "totalTimeoutSeconds": 0,
        "inputKeys": [], "outputKeys": [], "runtimeMetadata": [],
        "timeoutPolicy": "TIME_OUT_WF", "retryLogic": "FIXED", "retryDelaySeconds": 60,
        "maxRetryDelaySeconds": 0, "backoffScaleFactor": 1, "backoffJitterMs": 0,
        "responseTimeoutSeconds": if is_simple { 3600 } else { 0 },
        "inputTemplate": {}, "rateLimitPerFrequency": 0, "rateLimitFrequencyInSeconds": 1,
        "taskStatusListenerEnabled": true, "enforceSchema": false
    })
}

fn pin_sub_workflow(
    step: &mut Map<String, Value>,
    catalog: &dyn Catalog,
) -> Result<(), ResolveError> {
    let reference = step.get("name").and_then(Value::as_str).unwrap_or("").to_owned();
    let Some(params) = step.get_mut("subWorkflowParam").and_then(Value::as_object_mut) else {
        return Ok(());
    };
    let given = |value: Option<&Value>| value.is_some_and(|value| !value.is_null());
    if given(params.get("workflowDefinition")) || given(params.get("version")) {
        return Ok(());
    }
    let Some(name) = params.get("name").and_then(Value::as_str) else { return Ok(()) };
    if name.contains("${") {
        return Ok(());
    }
    let version = catalog.latest_version(name).ok_or(ResolveError::NoSubWorkflow(reference))?;
    params.insert("version".to_owned(), Value::from(version));
    Ok(())
}
