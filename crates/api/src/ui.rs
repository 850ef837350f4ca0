//! What a browser sees (`conductor-rest` 0): the page at `/`, until there is a web UI.

use axum::http::{HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};

use crate::answer;
use crate::error::ApiError;

const PAGE: &str = "<!doctype html><title>Fermata</title><p>The web UI is not built in this \
    version. The server is up: see <a href=\"/api/version\">/api/version</a> and \
    <a href=\"/health\">/health</a>.</p>\n";

/// Paths that are never the UI's.
const NOT_UI: &[&str] = &[
    "/api",
    "/api-docs",
    "/v3/api-docs",
    "/swagger-ui",
    "/actuator",
    "/health",
    "/a2a",
    "/error",
    "/metrics",
];

/// Any path without a route: the page for browsers, 404 for everything else.
pub(crate) async fn fallback(method: Method, uri: Uri) -> Response {
    let path = uri.path();
    let is_page = matches!(method, Method::GET | Method::HEAD)
        && !path.contains('.')
        && !NOT_UI.iter().any(|prefix| is_below(path, prefix));
    if is_page {
        let html = HeaderValue::from_static("text/html;charset=UTF-8");
        return answer::body(StatusCode::OK, html, PAGE);
    }
    ApiError::NotFound(format!("No endpoint {method} {path}")).into_response()
}

fn is_below(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A path that exists with another method.
pub(crate) async fn wrong_method(method: Method) -> ApiError {
    ApiError::WrongMethod(method.to_string())
}
