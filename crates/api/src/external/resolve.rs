//! From a path to its payload.

use std::sync::Arc;

use bytes::Bytes;
use fermata_runtime::EngineError;
use fermata_types::{Payload, limits};

use super::{FileError, Part, PayloadFiles, PayloadId, PayloadPath};
use crate::error::ApiError;
use crate::state::App;

/// The payload at a path; none when there is nothing, or nothing any more.
pub(crate) async fn find(app: &App, path: PayloadPath) -> Result<Option<Payload>, ApiError> {
    match path {
        PayloadPath::Uploaded { id, .. } => match &app.options.payload_files {
            Some(files) => Ok(uploaded(files.clone(), id).await?.map(Payload::trusted)),
            None => Ok(None),
        },
        PayloadPath::OfRun(run, part) => match app.engine.read(run).await {
            Ok(view) => Ok(Some(match part {
                Part::Input => view.input(),
                Part::Output => view.output(),
            })),
            Err(EngineError::NoSuchRun(_)) => Ok(None),
            Err(error) => Err(error.into()),
        },
        PayloadPath::OfTask(task, part) => match app.engine.read(task.run()).await {
            Ok(view) => Ok(view.run.task(task.number()).map(|task| match part {
                Part::Input => view.task_input(task),
                Part::Output => view.task_output(task),
            })),
            Err(EngineError::NoSuchRun(_)) => Ok(None),
            Err(error) => Err(error.into()),
        },
    }
}

async fn uploaded(files: Arc<dyn PayloadFiles>, id: PayloadId) -> Result<Option<Bytes>, ApiError> {
    blocking(move || files.get(&id, limits::BODY_MAX)).await
}

/// Does something with files where it may block.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, FileError> + Send + 'static,
) -> Result<T, ApiError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(error.into()),
        Err(error) => Err(ApiError::Internal(error.to_string())),
    }
}

impl From<FileError> for ApiError {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Full => {
                EngineError::Failed(fermata_runtime::shard::request::Failure::StorageFull).into()
            }
            FileError::Expired => Self::BadRequest(error.to_string()),
            FileError::Io(cause) => Self::Internal(format!("{FILE}: {cause}")),
        }
    }
}

const FILE: &str = "an uploaded payload cannot be written or read";

/// The payload that a field of a request names by its path. What is there was checked when it was
/// uploaded; a run never depends on the file afterwards.
pub(crate) async fn resolve(app: &App, field: &str, path: &str) -> Result<Payload, ApiError> {
    if app.options.payload_files.is_none() {
        let text = format!("{field}: external payloads are not supported");
        return Err(ApiError::BadRequest(text));
    }
    let shown: String = path.chars().take(200).collect();
    let nothing = || ApiError::BadRequest(format!("{field}: there is no payload at {shown:?}"));
    let path = PayloadPath::parse(path.trim()).ok_or_else(nothing)?;
    find(app, path).await?.filter(Payload::is_object).ok_or_else(nothing)
}
