//! Task definitions (`conductor-rest` 1.5).

use axum::extract::State;
use bytes::Bytes;
use fermata_decider::definition::validate;
use fermata_runtime::metadata::{DefinitionKey, DefinitionRow};
use fermata_types::Timestamp;
use fermata_wire::conductor::TaskDef;

use super::definitions::{shown, too_long, value_of, with_options};
use super::metadata::{check_length, listed};
use crate::answer::{self, Answer};
use crate::error::ApiError;
use crate::extract::{Json, JsonList, Segments};
use crate::state::App;

/// `POST /api/metadata/taskdefs`: known names are overwritten.
pub(crate) async fn register(
    State(app): State<App>,
    JsonList(definitions): JsonList<TaskDef>,
) -> Answer {
    const LIST: &str = "registerTaskDef.taskDefinitions";
    check_length(definitions.len(), LIST, "TaskDefList is empty")?;
    let now = app.engine.now();
    let mut rows = Vec::with_capacity(definitions.len());
    let mut errors = Vec::new();
    for (index, mut definition) in definitions.into_iter().enumerate() {
        definition.create_time = now.as_ms();
        definition.update_time = 0;
        definition.created_by = Some(String::new());
        definition.updated_by = None;
        match checked(&app, &definition, &format!("{LIST}[{index}]"), now) {
            Ok(row) => rows.push(row),
            Err(ApiError::Invalid(broken)) => errors.extend(broken),
            Err(error) => return Err(error),
        }
    }
    if !errors.is_empty() {
        return Err(ApiError::Invalid(errors));
    }
    app.engine.define(rows, Vec::new()).await?;
    answer::done()
}

/// `PUT /api/metadata/taskdefs`: one, which has to be known.
pub(crate) async fn update(State(app): State<App>, Json(mut definition): Json<TaskDef>) -> Answer {
    let now = app.engine.now();
    let snapshot = app.engine.metadata().snapshot();
    let known = snapshot.tasks.get(&definition.name);
    let known = known.and_then(|json| serde_json::from_slice::<TaskDef>(json).ok());
    if let Some(known) = &known {
        definition.create_time = known.create_time;
        definition.created_by.clone_from(&known.created_by);
    }
    definition.update_time = now.as_ms();
    definition.updated_by = Some(String::new());
    let row = checked(&app, &definition, "updateTaskDef.taskDefinition", now)?;
    if known.is_none() {
        return Err(ApiError::NotFound(format!("No such task by name {}", definition.name)));
    }
    app.engine.define(vec![row], Vec::new()).await?;
    answer::done()
}

fn checked(
    app: &App,
    definition: &TaskDef,
    prefix: &str,
    now: Timestamp,
) -> Result<DefinitionRow, ApiError> {
    let value = value_of(definition)?;
    let findings = with_options(app, |options| validate::validate_task(&value, options));
    let mut errors = shown(findings, prefix);
    errors.extend(too_long(&format!("{prefix}.name"), &definition.name));
    if !errors.is_empty() {
        return Err(ApiError::Invalid(errors));
    }
    Ok(DefinitionRow {
        key: DefinitionKey::Task { name: definition.name.clone() },
        json: Bytes::from(value.to_string()),
        changed: now,
    })
}

/// `GET /api/metadata/taskdefs`.
pub(crate) async fn list(State(app): State<App>) -> Answer {
    answer::raw_json(listed(app.engine.metadata().snapshot().tasks.values()))
}

/// `GET /api/metadata/taskdefs/{name}`.
pub(crate) async fn get(State(app): State<App>, Segments(name): Segments<String>) -> Answer {
    match app.engine.metadata().snapshot().tasks.get(&name) {
        Some(json) => answer::raw_json(json.clone()),
        None => Err(ApiError::NotFound(format!("No such taskType found by name: {name}"))),
    }
}

/// `DELETE /api/metadata/taskdefs/{name}`.
pub(crate) async fn remove(State(app): State<App>, Segments(name): Segments<String>) -> Answer {
    if !app.engine.metadata().snapshot().tasks.contains_key(&name) {
        return Err(ApiError::NotFound("No such task definition".to_owned()));
    }
    app.engine.define(Vec::new(), vec![DefinitionKey::Task { name }]).await?;
    answer::done()
}
