//! Bodies. The content type is not looked at: SDKs leave it out or send odd ones.

use axum::body::HttpBody;
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use fermata_types::{Payload, limits};
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::depth::{BODY_DEPTH_MAX, is_too_deep};
use crate::error::ApiError;

/// The body as it came, at most [`limits::BODY_MAX`] bytes.
pub(crate) struct Raw(pub(crate) Bytes);

impl<S: Sync> FromRequest<S> for Raw {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let body = request.into_body();
        // A body that says it is too large is refused before a byte of it is read.
        if body.size_hint().lower() > limits::BODY_MAX as u64 {
            return Err(too_large());
        }
        match axum::body::to_bytes(body, limits::BODY_MAX).await {
            Ok(bytes) => Ok(Self(bytes)),
            Err(error) if is_over_limit(&error) => Err(too_large()),
            Err(error) => Err(ApiError::BadRequest(format!("the body cannot be read: {error}"))),
        }
    }
}

fn too_large() -> ApiError {
    ApiError::TooLarge(format!("the body is larger than {} bytes", limits::BODY_MAX))
}

fn is_over_limit(error: &axum::Error) -> bool {
    let source = std::error::Error::source(error);
    source.is_some_and(|source| source.is::<http_body_util::LengthLimitError>())
}

/// A JSON body that is an object of a known shape.
pub(crate) struct Json<T>(pub(crate) T);

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let Raw(bytes) = Raw::from_request(request, state).await?;
        parse(&bytes, Opening::OBJECT).map(Self)
    }
}

/// A JSON body that is a list of such objects, or of texts.
pub(crate) struct JsonList<T>(pub(crate) Vec<T>);

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for JsonList<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let Raw(bytes) = Raw::from_request(request, state).await?;
        parse(&bytes, Opening::LIST).map(Self)
    }
}

/// How a body has to begin: shapes would read themselves from lists of their fields, too.
#[derive(Clone, Copy)]
struct Opening {
    byte: u8,
    words: &'static str,
}

impl Opening {
    const OBJECT: Self = Self { byte: b'{', words: "the body must be a JSON object" };
    const LIST: Self = Self { byte: b'[', words: "the body must be a JSON list" };
}

/// A JSON body that is an object and stays as it is.
pub(crate) struct Object(pub(crate) Payload);

impl<S: Sync> FromRequest<S> for Object {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let Raw(bytes) = Raw::from_request(request, state).await?;
        check(&bytes, Opening::OBJECT)?;
        Payload::parse(bytes)
            .map(Self)
            .map_err(|error| ApiError::BadRequest(format!("malformed JSON: {error}")))
    }
}

fn check(bytes: &[u8], opening: Opening) -> Result<(), ApiError> {
    match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None => return Err(ApiError::BadRequest("the body is missing".to_owned())),
        Some(first) if *first != opening.byte => {
            return Err(ApiError::BadRequest(opening.words.to_owned()));
        }
        Some(_) => {}
    }
    if is_too_deep(bytes) {
        let text = format!("the body nests deeper than {BODY_DEPTH_MAX} levels");
        return Err(ApiError::BadRequest(text));
    }
    Ok(())
}

/// Parses a body. Its errors name the field by its path.
fn parse<T: DeserializeOwned>(bytes: &[u8], opening: Opening) -> Result<T, ApiError> {
    check(bytes, opening)?;
    let Ok(json) = std::str::from_utf8(bytes) else {
        return Err(ApiError::BadRequest("malformed JSON: it is not UTF-8".to_owned()));
    };
    serde_json::from_str(json).map_err(|error| ApiError::BadRequest(why::<T>(json, &error)))
}

/// Paths are kept track of only once something is wrong: that costs too much for every body.
fn why<T: DeserializeOwned>(json: &str, error: &serde_json::Error) -> String {
    if error.classify() != Category::Data {
        return format!("malformed JSON: {error}");
    }
    let mut json = serde_json::Deserializer::from_str(json);
    match serde_path_to_error::deserialize::<_, T>(&mut json) {
        Err(error) => format!("{}: {}", error.path(), error.inner()),
        Ok(_) => error.to_string(),
    }
}
