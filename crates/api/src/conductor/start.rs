//! Starting runs (`conductor-rest` 1.1 and 3.9, `conductor-semantics` 4.1).

use std::sync::Arc;

use axum::extract::State;
use fermata_decider::definition::Workflow;
use fermata_decider::event::Origin;
use fermata_runtime::metadata::DefinitionError;
use fermata_runtime::shard::request::Start;
use fermata_runtime::shard::{Idempotency, Strategy};
use fermata_types::{Payload, RunId, ShardKey, Timestamp};
use fermata_wire::conductor::{
    Entries, IdempotencyStrategy, StartWorkflowRequest, ValidationError, WorkflowDef,
};
use serde_json::{Map, Value};

use super::definitions;
use crate::answer::{self, Answer};
use crate::error::ApiError;
use crate::external;
use crate::extract::{Json, Object, Params, Segments};
use crate::state::App;

/// Highest priority of a run.
const PRIORITY_MAX: i32 = 99;

/// `POST /api/workflow`.
pub(crate) async fn start(
    State(app): State<App>,
    Json(request): Json<StartWorkflowRequest>,
) -> Answer {
    answer::text(begin(&app, request, Mark::None).await?)
}

/// `POST /api/workflow/{name}`: the body is the input.
pub(crate) async fn start_by_name(
    State(app): State<App>,
    Segments(name): Segments<String>,
    params: Params,
    Object(input): Object,
) -> Answer {
    let version = params.integer("version")?;
    let priority = params.integer("priority")?.unwrap_or(0);
    let definition = app.engine.metadata().named(&name, version).map_err(|error| match error {
        DefinitionError::NotFound { .. } => no_definition(&name, version),
        other => refused(other),
    })?;
    check_priority(priority, |limit| match limit {
        Limit::Minimum => "0 is the minimum priority value".to_owned(),
        Limit::Maximum => format!("{PRIORITY_MAX} is the maximum priority value"),
    })?;
    let given = Given {
        input,
        correlation: params.text("correlationId").map(str::to_owned),
        priority: u8::try_from(priority).unwrap_or(0),
        ..Given::default()
    };
    answer::text(run(&app, definition, given).await?)
}

/// No definition of that name and version, in the words of the routes that name it in the path.
pub(super) fn no_definition(name: &str, version: Option<i32>) -> ApiError {
    let version = version.map_or_else(|| "null".to_owned(), |version| version.to_string());
    ApiError::NotFound(format!("No such workflow found by name: {name}, version: {version}"))
}

/// Whether the input is to say that its definition came with the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// No.
    None,
    /// `_systemMetadata.dynamic` (`conductor-rest` 1.1.1).
    Dynamic,
}

/// Starts what a request asks for.
pub(super) async fn begin(
    app: &App,
    request: StartWorkflowRequest,
    mark: Mark,
) -> Result<RunId, ApiError> {
    check(&request)?;
    let name = request.name.unwrap_or_default();
    let is_dynamic = request.workflow_def.as_ref().is_some_and(|given| !given.tasks.is_empty());
    let definition = match request.workflow_def {
        Some(given) => inline(app, *given).await?,
        None => app.engine.metadata().named(&name, request.version).map_err(refused)?,
    };
    let path = request.external_input_payload_storage_path.filter(|path| !path.trim().is_empty());
    let input = match (request.input.map(Payload::from_raw), path) {
        (None, None) => {
            let text = "NULL input passed when starting workflow";
            return Err(ApiError::BadRequest(text.to_owned()));
        }
        (Some(input), None) => input,
        (Some(input), Some(_)) if !input.is_empty_object() => input,
        (_, Some(path)) => external::resolve(app, "externalInputPayloadStoragePath", &path).await?,
    };
    let input = match mark {
        Mark::Dynamic if is_dynamic => marked_dynamic(&input),
        _ => input,
    };
    let given = Given {
        input,
        correlation: request.correlation_id,
        priority: u8::try_from(request.priority).unwrap_or(0),
        task_to_domain: request.task_to_domain.unwrap_or_default(),
        created_by: request.created_by,
        idempotency: idempotency(request.idempotency_key, request.idempotency_strategy),
    };
    run(app, definition, given).await
}

/// The rules of the request itself.
fn check(request: &StartWorkflowRequest) -> Result<(), ApiError> {
    if request.name.is_none() {
        let (path, text) = ("name", "Workflow name cannot be null or empty");
        return Err(ApiError::invalid(format!("{REQUEST}.{path}"), text, None));
    }
    let priority = request.priority;
    check_priority(priority, |limit| match limit {
        Limit::Minimum => format!("priority: {priority} should be minimum 0"),
        Limit::Maximum => format!("priority: {priority} should be maximum {PRIORITY_MAX}"),
    })
}

/// Where the paths of broken rules begin.
const REQUEST: &str = "startWorkflow.startWorkflowRequest";

enum Limit {
    Minimum,
    Maximum,
}

fn check_priority(priority: i32, text: impl Fn(Limit) -> String) -> Result<(), ApiError> {
    let limit = match priority {
        ..0 => Limit::Minimum,
        0..=PRIORITY_MAX => return Ok(()),
        _ => Limit::Maximum,
    };
    let path = format!("{REQUEST}.priority");
    Err(ApiError::invalid(path, text(limit), Some(priority.to_string())))
}

fn idempotency(key: Option<String>, strategy: Option<IdempotencyStrategy>) -> Option<Idempotency> {
    let key = key.filter(|key| !key.is_empty())?;
    let strategy = match strategy {
        None | Some(IdempotencyStrategy::Fail) => Strategy::Fail,
        Some(IdempotencyStrategy::ReturnExisting) => Strategy::ReturnExisting,
        Some(IdempotencyStrategy::FailOnRunning) => Strategy::FailOnRunning,
    };
    Some(Idempotency { key, strategy })
}

/// A definition that came with the request: the rules of a registration, then resolved.
async fn inline(app: &App, given: WorkflowDef) -> Result<Arc<Workflow>, ApiError> {
    let value = definitions::value_of(&given)?;
    let prefix = format!("{REQUEST}.workflowDef");
    let errors = definitions::broken_rules(app, &value, &prefix).await;
    if !errors.is_empty() {
        return Err(ApiError::Invalid(errors));
    }
    app.engine.metadata().inline(value).map_err(refused)
}

/// Why there is no definition to start from.
fn refused(error: DefinitionError) -> ApiError {
    match error {
        DefinitionError::NotFound { .. } | DefinitionError::Unresolved(_) => {
            ApiError::NotFound(error.to_string())
        }
        DefinitionError::Uncompilable(error) => {
            ApiError::Invalid(vec![ValidationError::from(definitions::Broken(error))])
        }
        DefinitionError::NotJson => ApiError::Internal(error.to_string()),
    }
}

/// What a start is given, besides its definition.
struct Given {
    input: Payload,
    correlation: Option<String>,
    priority: u8,
    task_to_domain: Entries<String>,
    created_by: Option<String>,
    idempotency: Option<Idempotency>,
}

impl Default for Given {
    fn default() -> Self {
        Self {
            input: Payload::empty_object(),
            correlation: None,
            priority: 0,
            task_to_domain: Entries::new(),
            created_by: None,
            idempotency: None,
        }
    }
}

async fn run(app: &App, definition: Arc<Workflow>, given: Given) -> Result<RunId, ApiError> {
    let key = given.idempotency.as_ref().map(|given| given.key.as_str());
    let names = [("correlationId", given.correlation.as_deref()), ("idempotencyKey", key)];
    for (field, name) in names {
        let too_long = |name| definitions::too_long(&format!("{REQUEST}.{field}"), name);
        if let Some(error) = name.and_then(too_long) {
            return Err(ApiError::Invalid(vec![error]));
        }
    }
    let input = with_template(given.input, &definition.input_template);
    let limit = app.engine.payload_limits().workflow_input.hard;
    if input.len() > limit {
        let text = format!("The input of {} bytes is larger than {limit} bytes", input.len());
        return Err(ApiError::TooLarge(text));
    }
    let origin = Origin {
        definition: definition.hash,
        input,
        correlation: given.correlation,
        priority: given.priority,
        task_to_domain: given.task_to_domain.into_iter().collect(),
        parent: None,
        created_by: given.created_by,
        idempotency_key: given.idempotency.as_ref().map(|given| given.key.clone()),
        at: Timestamp::ZERO,
    };
    let start = Start {
        definition,
        origin,
        shard_key: ShardKey::wrapping(0),
        idempotency: given.idempotency,
    };
    Ok(app.engine.start(start).await?)
}

/// Puts the defaults of the definition under the input: a key that is there and not null wins
/// (`conductor-rest` 1.1.3; quirk 17 fixed: also when the input is empty).
fn with_template(input: Payload, template: &Map<String, Value>) -> Payload {
    if template.is_empty() {
        return input;
    }
    let Value::Object(mut map) = input.to_value() else { return input };
    for (key, value) in template {
        let place = map.entry(key.clone()).or_insert(Value::Null);
        if place.is_null() {
            place.clone_from(value);
        }
    }
    Payload::from_value(&Value::Object(map))
}

fn marked_dynamic(input: &Payload) -> Payload {
    const KEY: &str = "_systemMetadata";
    let Value::Object(mut map) = input.to_value() else { return input.clone() };
    match map.get_mut(KEY).and_then(Value::as_object_mut) {
        Some(known) => {
            known.insert("dynamic".to_owned(), Value::Bool(true));
        }
        None => {
            map.insert(KEY.to_owned(), serde_json::json!({ "dynamic": true }));
        }
    }
    Payload::from_value(&Value::Object(map))
}
