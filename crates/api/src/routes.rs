//! THE table: path, methods, functions.
//!
//! Parameters of one position have one name in all patterns (`{a}`, `{b}`, `{c}`), because the
//! matcher refuses different ones; static segments win. A path that exists with another method is
//! 405, parameters included: SDKs take 405 as "the other dialect" (`conductor-rest` 9 and 11).

use axum::Router;
use axum::routing::{delete, get, post, put};
use fermata_runtime::Engine;

use crate::conductor::{
    bulk, execute, external, health, lists, logs, messages, metadata, polls, queues, signals,
    start, task_metadata, tasks, workflows,
};
use crate::state::{App, Options};
use crate::{metrics, ui};

/// The whole surface. Threads that serve it need `lenient::READER_STACK_BYTES` of stack.
///
/// A request whose future is dropped (its connection is gone) leaves nothing behind: a poll gives
/// back what it holds, everything else happens or not as if the answer had been lost.
pub fn router(engine: Engine, options: Options) -> Router {
    Router::new()
        .merge(of_workflows())
        .merge(of_tasks())
        .merge(of_metadata())
        .merge(of_payloads())
        .route("/health", get(health::health))
        .route("/api/health", get(health::health))
        .route("/api/version", get(health::version))
        .route("/metrics", get(metrics::metrics))
        .fallback(ui::fallback)
        .method_not_allowed_fallback(ui::wrong_method)
        .with_state(App::new(engine, options))
}

/// `conductor-rest` 1.1 to 1.3.
fn of_workflows() -> Router<App> {
    Router::new()
        .route("/api/workflow", post(start::start))
        .route(
            "/api/workflow/{a}",
            post(start::start_by_name).get(workflows::get).delete(workflows::terminate),
        )
        .route("/api/workflow/{a}/status", get(workflows::status))
        .route("/api/workflow/{a}/tasks", get(workflows::tasks))
        .route("/api/workflow/{a}/pause", put(workflows::pause))
        .route("/api/workflow/{a}/resume", put(workflows::resume))
        .route("/api/workflow/{a}/remove", delete(workflows::remove))
        .route("/api/workflow/{a}/terminate-remove", delete(workflows::terminate_remove))
        .route("/api/workflow/{a}/messages", post(messages::send))
        .route("/api/workflow/{a}/message", post(messages::send))
        .route("/api/workflow/{a}/correlated", post(lists::correlated_list))
        .route("/api/workflow/{a}/correlated/{b}", get(lists::correlated))
        .route("/api/workflow/correlated/batch", post(lists::correlated_batch))
        .route("/api/workflow/running/{a}", get(lists::running))
        .route("/api/workflow/decide/{a}", put(workflows::decide))
        .route("/api/workflow/execute/{a}", post(execute::execute_latest))
        .route("/api/workflow/execute/{a}/{b}", post(execute::execute))
        .route("/api/workflow/bulk/pause", put(bulk::pause))
        .route("/api/workflow/bulk/resume", put(bulk::resume))
        .route("/api/workflow/bulk/terminate", post(bulk::terminate))
        .route("/api/workflow/bulk/remove", delete(bulk::remove))
        .route("/api/workflow/bulk/terminate-remove", delete(bulk::terminate_remove))
}

/// `conductor-rest` 1.4.
fn of_tasks() -> Router<App> {
    Router::new()
        .route("/api/tasks", post(tasks::update))
        .route("/api/tasks/update-v2", post(tasks::update_and_poll))
        .route("/api/tasks/poll/{a}", get(polls::poll))
        .route("/api/tasks/poll/batch/{a}", get(polls::poll_batch))
        .route("/api/tasks/{a}", get(tasks::get))
        .route("/api/tasks/{a}/log", get(logs::list).post(logs::append))
        .route("/api/tasks/{a}/{b}/signal", post(signals::signal))
        .route("/api/tasks/{a}/{b}/signal/sync", post(signals::signal_sync))
        .route("/api/tasks/{a}/{b}/{c}", post(tasks::update_by_reference))
        .route("/api/tasks/{a}/{b}/{c}/sync", post(tasks::update_by_reference_sync))
        .route("/api/tasks/queue/size", get(queues::size))
        .route("/api/tasks/queue/sizes", get(queues::sizes))
        .route("/api/tasks/queue/all", get(queues::all))
        .route("/api/tasks/queue/all/verbose", get(queues::all_verbose))
        .route("/api/tasks/queue/polldata", get(queues::poll_data))
        .route("/api/tasks/queue/polldata/all", get(queues::poll_data_all))
        .route("/api/tasks/queue/requeue/{a}", post(queues::requeue))
}

/// `conductor-rest` 7.3.
fn of_payloads() -> Router<App> {
    Router::new()
        .route("/api/workflow/externalstoragelocation", get(external::location))
        .route("/api/workflow/external-storage-location", get(external::location))
        .route("/api/tasks/externalstoragelocation", get(external::location))
        .route("/api/tasks/external-storage-location", get(external::location))
        .route("/api/external/payloads/{a}/{b}/{c}", get(external::get).put(external::put))
}

/// `conductor-rest` 1.5.
fn of_metadata() -> Router<App> {
    Router::new()
        .route(
            "/api/metadata/workflow",
            get(metadata::list).post(metadata::register).put(metadata::update),
        )
        .route("/api/metadata/workflow/validate", post(metadata::validate))
        .route("/api/metadata/workflow/names", get(metadata::names))
        .route("/api/metadata/workflow/names-and-versions", get(metadata::names_and_versions))
        .route("/api/metadata/workflow/latest-versions", get(metadata::latest))
        .route("/api/metadata/workflow/{a}", get(metadata::get))
        .route("/api/metadata/workflow/{a}/versions", get(metadata::versions))
        .route("/api/metadata/workflow/{a}/{b}", delete(metadata::remove))
        .route(
            "/api/metadata/taskdefs",
            get(task_metadata::list).post(task_metadata::register).put(task_metadata::update),
        )
        .route("/api/metadata/taskdefs/{a}", get(task_metadata::get).delete(task_metadata::remove))
}
