//! Event handlers (`conductor-rest` 1.6 and 3.15).

use axum::extract::State;
use bytes::Bytes;
use fermata_decider::definition::handler::{Action, Handler};
use fermata_runtime::metadata::{DefinitionKey, DefinitionRow};
use fermata_wire::conductor::EventHandler;

use super::definitions::{too_long, value_of};
use super::metadata::listed;
use crate::answer::{self, Answer};
use crate::error::ApiError;
use crate::extract::{Json, Params, Segments};
use crate::state::App;

/// `POST /api/event`.
pub(crate) async fn register(State(app): State<App>, Json(handler): Json<EventHandler>) -> Answer {
    let row = checked(&app, &handler, "addEventHandler.eventHandler")?;
    if is_known(&app, &handler.name) {
        let text = format!("EventHandler with name {} already exists!", handler.name);
        return Err(ApiError::Conflict(text));
    }
    app.engine.define(vec![row], Vec::new()).await?;
    answer::done()
}

/// `PUT /api/event`: it has to be known.
pub(crate) async fn update(State(app): State<App>, Json(handler): Json<EventHandler>) -> Answer {
    let row = checked(&app, &handler, "updateEventHandler.eventHandler")?;
    if !is_known(&app, &handler.name) {
        return Err(unknown(&handler.name));
    }
    app.engine.define(vec![row], Vec::new()).await?;
    answer::done()
}

/// `DELETE /api/event/{name}`.
pub(crate) async fn remove(State(app): State<App>, Segments(name): Segments<String>) -> Answer {
    if !is_known(&app, &name) {
        return Err(unknown(&name));
    }
    app.engine.define(Vec::new(), vec![DefinitionKey::Handler { name }]).await?;
    answer::done()
}

/// `GET /api/event`.
pub(crate) async fn list(State(app): State<App>) -> Answer {
    let snapshot = app.engine.metadata().snapshot();
    answer::raw_json(listed(snapshot.handlers.values().map(|(json, _)| json)))
}

/// `GET /api/event/{event}`: the handlers of exactly this event.
pub(crate) async fn of_event(
    State(app): State<App>,
    Segments(event): Segments<String>,
    params: Params,
) -> Answer {
    let only_active = params.boolean("activeOnly", true)?;
    let snapshot = app.engine.metadata().snapshot();
    let is_wanted =
        |handler: &Handler| handler.event == event && (handler.is_active || !only_active);
    let found = snapshot.handlers.values().filter_map(|(json, read)| {
        read.as_ref().is_some_and(|handler| is_wanted(handler)).then_some(json)
    });
    answer::raw_json(listed(found))
}

fn is_known(app: &App, name: &str) -> bool {
    app.engine.metadata().snapshot().handlers.contains_key(name)
}

fn unknown(name: &str) -> ApiError {
    ApiError::NotFound(format!("EventHandler with name {name} not found!"))
}

/// The row of a handler that breaks no rule.
fn checked(app: &App, handler: &EventHandler, prefix: &str) -> Result<DefinitionRow, ApiError> {
    let value = value_of(handler)?;
    let read = Handler::read(&value).map_err(|fault| {
        let path = if fault.path.is_empty() {
            prefix.to_owned()
        } else {
            format!("{prefix}.{}", fault.path)
        };
        ApiError::invalid(path, fault.message, None)
    })?;
    let mut names = vec![("name", &read.name), ("event", &read.event)];
    for step in &read.steps {
        if let Action::Start { name, .. } = &step.action {
            names.push(("actions", name));
        }
    }
    let long =
        names.into_iter().find_map(|(field, name)| too_long(&format!("{prefix}.{field}"), name));
    if let Some(long) = long {
        return Err(ApiError::Invalid(vec![long]));
    }
    Ok(DefinitionRow {
        key: DefinitionKey::Handler { name: read.name },
        json: Bytes::from(value.to_string()),
        changed: app.engine.now(),
    })
}
