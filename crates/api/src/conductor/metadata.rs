//! Workflow definitions (`conductor-rest` 1.5).

use axum::extract::State;
use bytes::Bytes;
use fermata_runtime::metadata::{DefinitionKey, DefinitionRow};
use fermata_types::Timestamp;
use fermata_wire::conductor::{BulkResponse, WorkflowDef, WorkflowDefSummary};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

use super::definitions::{broken_rules, value_of};
use super::start::no_definition;
use crate::answer::{self, Answer};
use crate::error::ApiError;
use crate::extract::{Json, JsonList, Params, Segments};
use crate::state::App;

/// Definitions one request may bring.
pub(super) const DEFINITIONS_MAX: usize = 1000;

/// `POST /api/metadata/workflow`.
pub(crate) async fn register(
    State(app): State<App>,
    params: Params,
    Json(mut definition): Json<WorkflowDef>,
) -> Answer {
    let overwrite = params.boolean("overwrite", false)?;
    let snapshot = app.engine.metadata().snapshot();
    let (name, version) = (definition.name.clone(), definition.version);
    let is_known = snapshot.workflow(&name, Some(version)).is_some();
    // The reference server looks for the name before it validates, unless there is none.
    if is_known && !overwrite && !name.trim().is_empty() {
        let text = format!("Workflow with {name}.{version} already exists!");
        return Err(ApiError::Conflict(text));
    }
    let now = app.engine.now();
    definition.create_time = now.as_ms();
    if is_known {
        definition.update_time = now.as_ms();
    }
    let row = checked(&app, &definition, "registerWorkflowDef.workflowDef", now).await?;
    app.engine.define(vec![row], Vec::new()).await?;
    answer::done()
}

/// `PUT /api/metadata/workflow`: all of the list or nothing.
pub(crate) async fn update(
    State(app): State<App>,
    JsonList(definitions): JsonList<WorkflowDef>,
) -> Answer {
    const LIST: &str = "updateWorkflowDef.workflowDefList";
    check_length(definitions.len(), LIST, "WorkflowDef list is empty")?;
    let now = app.engine.now();
    let mut rows = Vec::with_capacity(definitions.len());
    let mut errors = Vec::new();
    let mut names = Vec::with_capacity(definitions.len());
    for (index, mut definition) in definitions.into_iter().enumerate() {
        definition.update_time = now.as_ms();
        match checked(&app, &definition, &format!("{LIST}[{index}]"), now).await {
            Ok(row) => rows.push(row),
            Err(ApiError::Invalid(broken)) => errors.extend(broken),
            Err(error) => return Err(error),
        }
        names.push(definition.name);
    }
    if !errors.is_empty() {
        return Err(ApiError::Invalid(errors));
    }
    app.engine.define(rows, Vec::new()).await?;
    answer::json(&BulkResponse { bulk_successful_results: names, ..BulkResponse::default() })
}

/// `POST /api/metadata/workflow/validate`: stores nothing.
pub(crate) async fn validate(
    State(app): State<App>,
    Json(definition): Json<WorkflowDef>,
) -> Answer {
    checked(&app, &definition, "validateWorkflowDef.workflowDef", Timestamp::ZERO).await?;
    answer::done()
}

pub(super) fn check_length(count: usize, path: &str, empty: &str) -> Result<(), ApiError> {
    let text = match count {
        0 => empty.to_owned(),
        1..=DEFINITIONS_MAX => return Ok(()),
        _ => format!("more than {DEFINITIONS_MAX} definitions at once"),
    };
    Err(ApiError::invalid(path, text, None))
}

/// The row of a definition that breaks no rule.
async fn checked(
    app: &App,
    definition: &WorkflowDef,
    prefix: &str,
    now: Timestamp,
) -> Result<DefinitionRow, ApiError> {
    let value = value_of(definition)?;
    let errors = broken_rules(app, &value, prefix).await;
    if !errors.is_empty() {
        return Err(ApiError::Invalid(errors));
    }
    let (name, version) = (definition.name.clone(), definition.version);
    Ok(DefinitionRow {
        key: DefinitionKey::Workflow { name, version },
        json: Bytes::from(value.to_string()),
        changed: now,
    })
}

/// `GET /api/metadata/workflow/{name}`.
pub(crate) async fn get(
    State(app): State<App>,
    Segments(name): Segments<String>,
    params: Params,
) -> Answer {
    let version = params.integer("version")?;
    let snapshot = app.engine.metadata().snapshot();
    match snapshot.workflow(&name, version) {
        Some((_, json)) => answer::raw_json(json.clone()),
        None => Err(no_definition(&name, version)),
    }
}

/// `DELETE /api/metadata/workflow/{name}/{version}`. Runs keep the definition they began with.
pub(crate) async fn remove(
    State(app): State<App>,
    Segments((name, version)): Segments<(String, String)>,
) -> Answer {
    let Ok(version) = version.parse::<i32>() else {
        let text = format!("version: expected an integer in the path, found {version:?}");
        return Err(ApiError::BadRequest(text));
    };
    if app.engine.metadata().snapshot().workflow(&name, Some(version)).is_none() {
        let text = format!("No such workflow definition: {name} version: {version}");
        return Err(ApiError::NotFound(text));
    }
    app.engine.define(Vec::new(), vec![DefinitionKey::Workflow { name, version }]).await?;
    answer::done()
}

/// `GET /api/metadata/workflow`: all versions of all.
pub(crate) async fn list(State(app): State<App>, params: Params) -> Answer {
    let snapshot = app.engine.metadata().snapshot();
    let all = snapshot.workflows.values().flat_map(BTreeMap::values);
    match params.text("classifier") {
        None => answer::raw_json(listed(all)),
        Some(wanted) => {
            let wanted = |json: &&Bytes| classifier(json).eq_ignore_ascii_case(wanted);
            answer::raw_json(listed(all.filter(wanted)))
        }
    }
}

/// `GET /api/metadata/workflow/latest-versions`.
pub(crate) async fn latest(State(app): State<App>) -> Answer {
    let snapshot = app.engine.metadata().snapshot();
    let newest = snapshot.workflows.values().filter_map(BTreeMap::last_key_value);
    answer::raw_json(listed(newest.map(|(_, json)| json)))
}

/// `GET /api/metadata/workflow/names`.
pub(crate) async fn names(State(app): State<App>) -> Answer {
    let snapshot = app.engine.metadata().snapshot();
    answer::json(&snapshot.workflows.keys().collect::<Vec<_>>())
}

/// `GET /api/metadata/workflow/names-and-versions`.
pub(crate) async fn names_and_versions(State(app): State<App>) -> Answer {
    let snapshot = app.engine.metadata().snapshot();
    let all = snapshot.workflows.iter();
    let summaries = all.map(|(name, versions)| (name, summaries(name, versions)));
    answer::json(&summaries.collect::<BTreeMap<_, _>>())
}

/// `GET /api/metadata/workflow/{name}/versions`.
pub(crate) async fn versions(State(app): State<App>, Segments(name): Segments<String>) -> Answer {
    let snapshot = app.engine.metadata().snapshot();
    let found = snapshot.workflows.get(&name);
    answer::json(&found.map(|versions| summaries(&name, versions)).unwrap_or_default())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Times {
    create_time: i64,
    update_time: i64,
}

fn summaries(name: &str, versions: &BTreeMap<i32, Bytes>) -> Vec<WorkflowDefSummary> {
    let shown = versions.iter().map(|(version, json)| {
        let times = serde_json::from_slice::<Times>(json).ok();
        let set = |time: i64| (time != 0).then_some(time);
        WorkflowDefSummary {
            name: name.to_owned(),
            version: *version,
            create_time: times.as_ref().and_then(|times| set(times.create_time)),
            update_time: times.as_ref().and_then(|times| set(times.update_time)),
        }
    });
    shown.collect()
}

/// Stored JSON as one list, without parsing it.
pub(super) fn listed<'a>(all: impl Iterator<Item = &'a Bytes>) -> Vec<u8> {
    let mut list = vec![b'['];
    for json in all {
        if list.len() > 1 {
            list.push(b',');
        }
        list.extend_from_slice(json);
    }
    list.push(b']');
    list
}

/// The classifier of a definition (`conductor-rest` 3.1).
fn classifier(json: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Classified<'a> {
        #[serde(borrow)]
        metadata: Option<&'a RawValue>,
    }
    let metadata = serde_json::from_slice::<Classified<'_>>(json).ok().and_then(|it| it.metadata);
    let metadata: Map<String, Value> =
        metadata.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
    let is_given = |key: &str| metadata.get(key).is_some_and(|value| !value.is_null());
    match metadata.get("classifier").and_then(Value::as_str) {
        Some(text) if !text.trim().is_empty() => text.to_owned(),
        _ if is_given("agent_sdk") || is_given("agentDef") => "agent".to_owned(),
        _ => "workflow".to_owned(),
    }
}
