//! Query parameters (`conductor-rest` 0): booleans in many spellings, lists repeated or joined by
//! commas, an empty value as none.

use std::str::FromStr;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use fermata_wire::conductor::lenient;

use crate::error::ApiError;

/// All query parameters of a request, decoded.
pub(crate) struct Params(Vec<(String, String)>);

impl<S: Sync> FromRequestParts<S> for Params {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        match Query::try_from_uri(&parts.uri) {
            Ok(Query(pairs)) => Ok(Self(pairs)),
            Err(error) => Err(ApiError::BadRequest(format!("the query string: {error}"))),
        }
    }
}

impl Params {
    /// A text that is not empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let given = self.0.iter().find(|(key, _)| key == name);
        given.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// A text that has to be there.
    pub(crate) fn required(&self, name: &str) -> Result<&str, ApiError> {
        self.text(name)
            .ok_or_else(|| ApiError::BadRequest(format!("{name}: the query parameter is missing")))
    }

    /// A boolean.
    pub(crate) fn boolean(&self, name: &str, default: bool) -> Result<bool, ApiError> {
        let Some(text) = self.text(name) else { return Ok(default) };
        lenient::boolean_text(text).ok_or_else(|| wrong(name, "true or false", text))
    }

    /// An integer.
    pub(crate) fn integer<T: FromStr>(&self, name: &str) -> Result<Option<T>, ApiError> {
        let Some(text) = self.text(name) else { return Ok(None) };
        text.trim().parse().map(Some).map_err(|_| wrong(name, "an integer", text))
    }

    /// All values, trimmed, without empty ones.
    pub(crate) fn list(&self, name: &str) -> Vec<&str> {
        let given = self.0.iter().filter(|(key, _)| key == name);
        let values = given.flat_map(|(_, value)| value.split(','));
        values.map(str::trim).filter(|value| !value.is_empty()).collect()
    }
}

fn wrong(name: &str, expected: &str, text: &str) -> ApiError {
    let shown: String = text.chars().take(40).collect();
    ApiError::BadRequest(format!("{name}: expected {expected}, found {shown:?}"))
}
