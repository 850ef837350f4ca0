//! Where large payloads are put and got (`conductor-rest` 1.1, 1.4 and 7.3).

use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::HOST;
use serde_json::json;

use crate::answer::{self, Answer};
use crate::error::ApiError;
use crate::external::{Part, PayloadId, PayloadPath, blocking, find};
use crate::extract::{Object, Params, Segments};
use crate::state::App;

/// `GET …/externalstoragelocation`: a URL of this server, and the path to name afterwards.
pub(crate) async fn location(State(app): State<App>, params: Params, headers: HeaderMap) -> Answer {
    let operation = params.required("operation")?;
    let kind = params.required("payloadType")?;
    let invalid = || {
        ApiError::BadRequest(format!("Invalid input - Operation: {operation}, PayloadType: {kind}"))
    };
    let (is_task, part) = kind_of(kind).ok_or_else(invalid)?;
    let path = if operation.eq_ignore_ascii_case("WRITE") {
        if app.options.payload_files.is_none() {
            return Err(invalid());
        }
        // A path of the client's own is not looked at: names are given out here.
        let id = PayloadId::parse(&app.engine.message_id()).ok_or_else(invalid)?;
        PayloadPath::Uploaded { is_task, part, id }
    } else if operation.eq_ignore_ascii_case("READ") {
        PayloadPath::parse(params.required("path")?).ok_or_else(invalid)?
    } else {
        return Err(invalid());
    };
    let uri = format!("{}/api/external/payloads/{path}", base(&app, &headers)?);
    answer::json(&json!({ "uri": uri, "path": path.to_string() }))
}

fn kind_of(text: &str) -> Option<(bool, Part)> {
    let kinds = [
        ("WORKFLOW_INPUT", (false, Part::Input)),
        ("WORKFLOW_OUTPUT", (false, Part::Output)),
        ("TASK_INPUT", (true, Part::Input)),
        ("TASK_OUTPUT", (true, Part::Output)),
    ];
    kinds.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|(_, kind)| kind)
}

/// How the client reaches this server: as it is told to say, else as this request came.
fn base(app: &App, headers: &HeaderMap) -> Result<String, ApiError> {
    if let Some(url) = &app.options.public_url {
        return Ok(url.trim_end_matches('/').to_owned());
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(host) = text(HOST.as_str()).filter(|host| !host.is_empty()) else {
        return Err(ApiError::BadRequest("Host: the header is missing".to_owned()));
    };
    let is_secure = text("x-forwarded-proto").is_some_and(|it| it.eq_ignore_ascii_case("https"));
    let scheme = if is_secure { "https" } else { "http" };
    Ok(format!("{scheme}://{host}"))
}

/// `PUT /api/external/payloads/{owner}/{part}/{id}.json`: a JSON object, kept until it is old.
pub(crate) async fn put(
    State(app): State<App>,
    Segments((first, second, third)): Segments<(String, String, String)>,
    Object(payload): Object,
) -> Answer {
    let path = PayloadPath::of_segments((&first, &second, &third));
    let (Some(PayloadPath::Uploaded { id, .. }), Some(files)) = (path, &app.options.payload_files)
    else {
        return Err(nowhere(&first, &second, &third));
    };
    let (files, now) = (files.clone(), app.engine.now());
    blocking(move || files.put(&id, payload.bytes(), now)).await?;
    answer::done()
}

/// `GET` of the same, or of a payload that an answer left out.
pub(crate) async fn get(
    State(app): State<App>,
    Segments((first, second, third)): Segments<(String, String, String)>,
) -> Answer {
    let absent = || nowhere(&first, &second, &third);
    let path = PayloadPath::of_segments((&first, &second, &third)).ok_or_else(absent)?;
    let payload = find(&app, path).await?.ok_or_else(absent)?;
    answer::raw_json(payload.bytes().clone())
}

fn nowhere(first: &str, second: &str, third: &str) -> ApiError {
    ApiError::NotFound(format!("There is no payload at {first}/{second}/{third}"))
}
