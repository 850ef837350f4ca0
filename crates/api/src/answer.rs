//! Answers: JSON, plain text, nothing (`conductor-rest` 0).

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde::Serialize;

use crate::error::ApiError;

/// What an operation answers.
pub(crate) type Answer = Result<Response, ApiError>;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain;charset=UTF-8");

/// A body of that type.
pub(crate) fn body(status: StatusCode, kind: HeaderValue, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

/// JSON with a status.
pub(crate) fn json_with(status: StatusCode, value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(bytes) => body(status, JSON, bytes),
        // Shapes have text keys and no failing parts; nothing can be said if one had.
        Err(error) => {
            tracing::error!(%error, "an answer cannot be written as JSON");
            empty(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

/// 200 with JSON.
pub(crate) fn json(value: &impl Serialize) -> Answer {
    Ok(json_with(StatusCode::OK, value))
}

/// 200 with JSON that is there as bytes.
pub(crate) fn raw_json(bytes: impl Into<Body>) -> Answer {
    Ok(body(StatusCode::OK, JSON, bytes))
}

/// Raw characters, no quotes, no newline, with a status.
pub(crate) fn text_with(status: StatusCode, text: String) -> Response {
    body(status, TEXT, text)
}

/// 200 with text.
pub(crate) fn text(text: impl ToString) -> Answer {
    Ok(text_with(StatusCode::OK, text.to_string()))
}

/// A status with an empty body: SDKs parse every body that is not empty.
pub(crate) fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// 200 without a body.
pub(crate) fn done() -> Answer {
    Ok(empty(StatusCode::OK))
}

/// 204.
pub(crate) fn nothing() -> Answer {
    Ok(empty(StatusCode::NO_CONTENT))
}
