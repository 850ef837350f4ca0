//! Runs by name and by correlation id (`conductor-rest` 1.1), from rows that need no index.

use axum::extract::State;
use fermata_runtime::EngineError;
use fermata_types::{RunStatus, Timestamp};
use fermata_wire::conductor::{Entries, Workflow, lenient};
use serde::Deserialize;

use crate::answer::{self, Answer};
use crate::error::ApiError;
use crate::extract::{Json, JsonList, Params, Segments};
use crate::state::App;
use crate::views::workflow::workflow;

/// Correlation ids, and names, one request may ask for.
const ASKED_MAX: usize = 1000;

/// `GET /api/workflow/running/{name}`: ids of open runs of all versions. With both times, ids of
/// the runs of one version created between them, open or ended.
pub(crate) async fn running(
    State(app): State<App>,
    Segments(name): Segments<String>,
    params: Params,
) -> Answer {
    app.engine.admit_search()?;
    let version = params.integer::<i32>("version")?.unwrap_or(1);
    let start = params.integer::<i64>("startTime")?.unwrap_or(0);
    let end = params.integer::<i64>("endTime")?.unwrap_or(0);
    let found = if start != 0 && end != 0 {
        let range = (Timestamp::from_ms(start), Timestamp::from_ms(end));
        app.engine.created_between(&name, version, range)
    } else {
        app.engine.running(&name)
    };
    let ids = found.map_err(unreadable)?.into_iter().map(|found| found.run.to_string());
    answer::json(&ids.collect::<Vec<_>>())
}

/// `GET /api/workflow/{name}/correlated/{correlationId}`.
pub(crate) async fn correlated(
    State(app): State<App>,
    Segments((name, correlation)): Segments<(String, String)>,
    params: Params,
) -> Answer {
    app.engine.admit_search()?;
    let wanted = Wanted::read(&params)?;
    answer::json(&wanted.find(&app, &name, &correlation).await?)
}

/// `POST /api/workflow/{name}/correlated`: each correlation id is there, perhaps with none.
pub(crate) async fn correlated_list(
    State(app): State<App>,
    Segments(name): Segments<String>,
    params: Params,
    JsonList(correlations): JsonList<String>,
) -> Answer {
    app.engine.admit_search()?;
    answer::json(&Wanted::read(&params)?.find_all(&app, &[name], correlations).await?)
}

/// What `POST /api/workflow/correlated/batch` asks for.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Batch {
    #[serde(deserialize_with = "lenient::text_list")]
    correlation_ids: Vec<String>,
    #[serde(deserialize_with = "lenient::text_list")]
    workflow_names: Vec<String>,
}

/// `POST /api/workflow/correlated/batch`: of several workflows at once (`sdk-calls` 3).
pub(crate) async fn correlated_batch(
    State(app): State<App>,
    params: Params,
    Json(batch): Json<Batch>,
) -> Answer {
    app.engine.admit_search()?;
    let wanted = Wanted::read(&params)?;
    answer::json(&wanted.find_all(&app, &batch.workflow_names, batch.correlation_ids).await?)
}

/// Which of the correlated runs, and how much of them.
#[derive(Clone, Copy)]
struct Wanted {
    closed: bool,
    tasks: bool,
}

impl Wanted {
    fn read(params: &Params) -> Result<Self, ApiError> {
        Ok(Self {
            closed: params.boolean("includeClosed", false)?,
            tasks: params.boolean("includeTasks", false)?,
        })
    }

    async fn find_all(
        self,
        app: &App,
        names: &[String],
        correlations: Vec<String>,
    ) -> Result<Entries<Vec<Workflow>>, ApiError> {
        if correlations.len().saturating_mul(names.len()) > ASKED_MAX {
            let text = format!("more than {ASKED_MAX} correlation ids are asked for at once");
            return Err(ApiError::BadRequest(text));
        }
        let mut all: Vec<(String, Vec<Workflow>)> = Vec::new();
        for correlation in correlations {
            if all.iter().any(|(known, _)| *known == correlation) {
                continue;
            }
            let mut found = Vec::new();
            for name in names {
                found.extend(self.find(app, name, &correlation).await?);
            }
            all.push((correlation, found));
        }
        Ok(all.into_iter().collect())
    }

    async fn find(
        self,
        app: &App,
        name: &str,
        correlation: &str,
    ) -> Result<Vec<Workflow>, ApiError> {
        let mut shown = Vec::new();
        for found in app.engine.correlated(name, correlation).map_err(unreadable)? {
            if found.closed && !self.closed {
                continue;
            }
            let view = match app.engine.read(found.run).await {
                Ok(view) => view,
                // Removed since its row was read.
                Err(EngineError::NoSuchRun(_)) => continue,
                Err(error) => return Err(error.into()),
            };
            // PAUSED is not RUNNING here.
            if self.closed || view.run.status == RunStatus::Running {
                shown.push(workflow(app, &view, self.tasks));
            }
        }
        Ok(shown)
    }
}

fn unreadable(error: impl std::fmt::Display) -> ApiError {
    ApiError::Internal(error.to_string())
}
