//! What waits in queues and who polls them (`conductor-rest` 1.4).

use std::collections::BTreeMap;

use axum::extract::State;
use fermata_wire::conductor::{PollData, ShardSize};

use crate::answer::{self, Answer};
use crate::extract::Params;
use crate::state::App;

/// The one shard that sizes are told of.
const SHARD: &str = "a";

/// `GET /api/tasks/queue/sizes?taskType=a&taskType=b`.
pub(crate) async fn sizes(State(app): State<App>, params: Params) -> Answer {
    params.required("taskType")?;
    let types = params.list("taskType").into_iter();
    let sizes: BTreeMap<&str, usize> =
        types.map(|name| (name, app.engine.queue_size(name))).collect();
    answer::json(&sizes)
}

/// `GET /api/tasks/queue/size`: `[domain:]taskType[@executionNamespace][-isolationGroupId]`.
pub(crate) async fn size(State(app): State<App>, params: Params) -> Answer {
    let mut name = String::new();
    if let Some(domain) = params.text("domain").filter(|domain| !domain.trim().is_empty()) {
        name.push_str(domain);
        name.push(':');
    }
    name.push_str(params.required("taskType")?);
    for (sign, param) in [('@', "executionNamespace"), ('-', "isolationGroupId")] {
        if let Some(text) = params.text(param) {
            name.push(sign);
            name.push_str(text);
        }
    }
    answer::json(&app.engine.queue_size(&name))
}

/// `GET /api/tasks/queue/all`.
pub(crate) async fn all(State(app): State<App>) -> Answer {
    answer::json(&app.engine.queue_sizes().into_iter().collect::<BTreeMap<_, _>>())
}

/// `GET /api/tasks/queue/all/verbose`.
pub(crate) async fn all_verbose(State(app): State<App>) -> Answer {
    let sizes = app.engine.queue_sizes().into_iter().map(|(name, size)| {
        let size = ShardSize { size: i64::try_from(size).unwrap_or(i64::MAX), uacked: 0 };
        (name, BTreeMap::from([(SHARD, size)]))
    });
    answer::json(&sizes.collect::<BTreeMap<_, _>>())
}

/// `GET /api/tasks/queue/polldata`.
pub(crate) async fn poll_data(State(app): State<App>, params: Params) -> Answer {
    answer::json(&last_polls(&app, Some(params.required("taskType")?)))
}

/// `GET /api/tasks/queue/polldata/all`.
pub(crate) async fn poll_data_all(State(app): State<App>) -> Answer {
    answer::json(&last_polls(&app, None))
}

fn last_polls(app: &App, task_type: Option<&str>) -> Vec<PollData> {
    let polls = app.engine.poll_data(task_type).into_iter();
    polls
        .map(|poll| PollData {
            queue_name: poll.task_type,
            domain: poll.domain,
            worker_id: poll.worker,
            last_poll_time: poll.at.as_ms(),
        })
        .collect()
}

/// `POST /api/tasks/queue/requeue/{type}`: no task is ever missing from its queue, so none is put
/// back (design 2).
pub(crate) async fn requeue() -> Answer {
    answer::text(0)
}
