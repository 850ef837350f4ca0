//! The one table from refusals to statuses (`conductor-rest` 2, design 12).

use std::sync::LazyLock;

use axum::body::Body;
use axum::http::header::RETRY_AFTER as RETRY_AFTER_HEADER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use fermata_decider::Rejection;
use fermata_runtime::EngineError;
use fermata_runtime::shard::request::Failure;
use fermata_wire::conductor::{ErrorBody, ValidationError};
use http_body_util::{Full, Limited};

use crate::answer;

/// The text of every answer with validation errors.
const VALIDATION_FAILED: &str = "Validation failed, check below errors for detail.";

/// Why a request was not granted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ApiError {
    /// The engine refused or failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// There is no such thing; the text is the contract's.
    #[error("{0}")]
    NotFound(String),
    /// It cannot be done as things are.
    #[error("{0}")]
    Conflict(String),
    /// The request is malformed, or a value cannot be used.
    #[error("{0}")]
    BadRequest(String),
    /// The request breaks rules that have a path.
    #[error("{}", VALIDATION_FAILED)]
    Invalid(Vec<ValidationError>),
    /// A body or payload is over its limit.
    #[error("{0}")]
    TooLarge(String),
    /// The path exists with another method.
    #[error("Request method '{0}' is not supported")]
    WrongMethod(String),
    /// Our own fault.
    #[error("{0}")]
    Internal(String),
}

/// The name of this host, told in error bodies.
static INSTANCE: LazyLock<String> = LazyLock::new(|| {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    match name.trim() {
        "" => "localhost".to_owned(),
        name => name.to_owned(),
    }
});

impl ApiError {
    /// One broken rule.
    pub(crate) fn invalid(
        path: impl Into<String>,
        message: impl Into<String>,
        value: Option<String>,
    ) -> Self {
        let (path, message) = (path.into(), message.into());
        Self::Invalid(vec![ValidationError { path, message, invalid_value: value }])
    }

    /// No run of that id, in the words used wherever a run is looked up.
    pub(crate) fn no_run(id: impl std::fmt::Display) -> Self {
        Self::NotFound(format!("No such workflow found by id: {id}"))
    }

    /// No task of that id, in the words of updates.
    pub(crate) fn no_task(id: impl std::fmt::Display) -> Self {
        Self::NotFound(format!("No such task found by id: {id}"))
    }

    /// The status; none when nobody knows what happened and nothing may be answered.
    pub(crate) fn status(&self) -> Option<StatusCode> {
        Some(match self {
            Self::Engine(error) => return of_engine(error),
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::BadRequest(_) | Self::Invalid(_) => StatusCode::BAD_REQUEST,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::WrongMethod(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        })
    }

    /// The code of a failure that may pass.
    const fn code(&self) -> Option<&'static str> {
        match self {
            Self::Engine(EngineError::Failed(failure)) => match failure {
                Failure::StorageFull => Some("storage_full"),
                Failure::Fenced => Some("shard_moved"),
                Failure::Overloaded => Some("overloaded"),
                Failure::Stopping => Some("stopping"),
                Failure::Unreadable => None,
            },
            _ => None,
        }
    }
}

fn of_engine(error: &EngineError) -> Option<StatusCode> {
    Some(match error {
        EngineError::NoSuchRun(_) => StatusCode::NOT_FOUND,
        EngineError::Rejected(rejection) => of_rejection(rejection),
        EngineError::KeyUsed(_) => StatusCode::CONFLICT,
        EngineError::Failed(Failure::Unreadable) => StatusCode::INTERNAL_SERVER_ERROR,
        EngineError::Failed(_) => StatusCode::SERVICE_UNAVAILABLE,
        EngineError::OutcomeUnknown => return None,
    })
}

const fn of_rejection(rejection: &Rejection) -> StatusCode {
    match rejection {
        Rejection::NoSuchTask(_)
        | Rejection::NoPendingTask { .. }
        | Rejection::NoBlockedTask(_) => StatusCode::NOT_FOUND,
        Rejection::Stale
        | Rejection::Ended(_)
        | Rejection::Completed
        | Rejection::NotPaused { .. }
        | Rejection::NotRunning { .. } => StatusCode::CONFLICT,
        Rejection::MessageTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        Rejection::LaneFull { .. } => StatusCode::TOO_MANY_REQUESTS,
        Rejection::Invalid { .. } => StatusCode::BAD_REQUEST,
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let Some(status) = self.status() else { return no_answer() };
        if status == StatusCode::INTERNAL_SERVER_ERROR {
            tracing::error!(error = %self, "a request failed");
        }
        let message = self.to_string();
        let code = self.code();
        let body = ErrorBody {
            status: status.as_u16(),
            code: code.map(str::to_owned),
            message: Some(message),
            instance: (!matches!(self, Self::Invalid(_))).then(|| INSTANCE.clone()),
            retryable: code.is_some(),
            validation_errors: match self {
                Self::Invalid(errors) => errors,
                _ => Vec::new(),
            },
            metadata: None,
        };
        come_back_later(answer::json_with(status, &body))
    }
}

/// Seconds after which a request may be repeated that was refused for want of room.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

/// Tells the client when to come back, if that is all there is to do.
fn come_back_later(mut response: Response) -> Response {
    if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER_HEADER, RETRY_AFTER);
    }
    response
}

/// A response that cannot be written: its body fails before its first byte. The connection then
/// closes, and because the head is flushed only after the first look at the body, the client gets
/// no byte of an answer: it has to take the outcome as unknown (design 2.8).
fn no_answer() -> Response {
    // A limit of no bytes at all would be taken for an empty body.
    let failing = Limited::new(Full::from("outcome unknown"), 1);
    let mut response = Response::new(Body::new(failing));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}

/// An error whose body is plain text: the message queue's routes (`conductor-rest` 1.2).
pub(crate) struct TextError(pub(crate) ApiError);

impl From<ApiError> for TextError {
    fn from(error: ApiError) -> Self {
        Self(error)
    }
}

impl IntoResponse for TextError {
    fn into_response(self) -> Response {
        match self.0.status() {
            Some(status) => come_back_later(answer::text_with(status, self.0.to_string())),
            None => no_answer(),
        }
    }
}
