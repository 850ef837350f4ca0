//! `fermata server`: the only place where the parts meet.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::ListenerExt;
use fermata_evaluators::jq::{JqLimits, JqPool, JqProgram};
use fermata_evaluators::{JavaScript, Scripts};
use fermata_runtime::Engine;
use fermata_runtime::clock::{Clock, SystemClock};
use fermata_runtime::engine::{Config, OpenError, Parts};
use fermata_runtime::ids::SystemSalt;
use fermata_runtime::retention::Rules;
use fermata_storage::CommitError;
use fermata_store_embedded::{EmbeddedStore, Options, StoreId};

use fermata_system_tasks::http::{Hosts, HttpTask, PatternError};
use fermata_system_tasks::{Config as WorkersConfig, Secrets, Workers};

use crate::archive::FileArchive;
use crate::cli::ServerOptions;
use crate::slower_sync::SlowerSync;
use crate::{lifecycle, telemetry};

/// Stack of each serving thread: JSON bodies may be nested deep.
const STACK_BYTES: usize = 8 << 20;
/// Exit code after a failed write or sync: start again, and recovery tells what is durable.
const POISONED: i32 = 70;
/// Prefix of environment variables that inputs may name as `${workflow.secrets.NAME}`.
const SECRET_PREFIX: &str = "CONDUCTOR_SECRET_";
/// Prefix of environment variables that expressions may read as `${workflow.env.NAME}`.
const ENVIRONMENT_PREFIX: &str = "CONDUCTOR_ENV_";

/// Why the server cannot run.
#[derive(Debug, thiserror::Error)]
enum ServerError {
    #[error("cannot open the store in {dir}")]
    Store {
        dir: String,
        #[source]
        source: Box<fermata_store_embedded::OpenError>,
    },
    #[error("cannot start the engine")]
    Engine(#[from] OpenError),
    #[error("cannot listen on {address}")]
    Listen {
        address: std::net::SocketAddr,
        #[source]
        source: std::io::Error,
    },
    #[error("cannot start the runtime")]
    Runtime(#[source] std::io::Error),
    #[error("no randomness for the name of a new store: {0}")]
    Randomness(getrandom::Error),
    #[error("cannot open the folder of uploaded payloads")]
    Uploads(#[source] std::io::Error),
    #[error("the path of this program, which jq queries run in, is unknown")]
    Program(#[source] std::io::Error),
    #[error("cannot read the hosts that HTTP tasks may call")]
    Hosts(#[from] PatternError),
    #[error("the listener failed")]
    Serve(#[source] std::io::Error),
}

/// Runs the server until it is asked to stop.
pub fn run(options: &ServerOptions) -> ExitCode {
    telemetry::begin(&options.log);
    match start(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "fermata cannot run");
            ExitCode::FAILURE
        }
    }
}

fn start(options: &ServerOptions) -> Result<(), ServerError> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.enable_all().thread_stack_size(STACK_BYTES).thread_name("serve");
    if options.threads > 0 {
        builder.worker_threads(options.threads);
    }
    let runtime = builder.build().map_err(ServerError::Runtime)?;
    runtime.block_on(serve(options))
}

async fn serve(options: &ServerOptions) -> Result<(), ServerError> {
    let began = SystemClock.now();
    let hosts = Hosts::new(&options.http_allow_hosts, &options.http_deny_hosts)?;
    let engine = open_engine(options)?;
    retain(&engine, options);
    let listener = tokio::net::TcpListener::bind(options.listen)
        .await
        .map_err(|source| ServerError::Listen { address: options.listen, source })?;
    let address = listener.local_addr().unwrap_or(options.listen);
    let listener = listener.tap_io(|stream| {
        // Small answers must not wait for the peer's acknowledgement.
        let _ = stream.set_nodelay(true);
    });
    let surface = fermata_api::Options {
        payload_files: Some(
            options
                .uploads
                .open(&options.data_dir, SystemClock.now())
                .map_err(ServerError::Uploads)?,
        ),
        public_url: options.uploads.public_url.clone(),
        ..fermata_api::Options::default()
    };
    let workers = Arc::new(start_workers(&engine, hosts, options));
    let router = fermata_api::router(engine.clone(), surface);
    tracing::info!(
        listen = %address,
        data_dir = %options.data_dir.display(),
        ready_ms = SystemClock.now().since(began).as_ms(),
        version = env!("CARGO_PKG_VERSION"),
        "fermata is ready"
    );
    let (stopping, stopped) = tokio::sync::oneshot::channel::<()>();
    let asked = workers.clone();
    let serving = axum::serve(listener, router).with_graceful_shutdown(async move {
        lifecycle::stop_asked().await;
        asked.finish();
        let _ = stopping.send(());
    });
    let limit = Duration::from_secs(options.drain_seconds);
    let overdue = async move {
        // Without a signal the sender lives as long as the server.
        let _ = stopped.await;
        tokio::time::sleep(limit).await;
    };
    tokio::select! {
        outcome = serving.into_future() => outcome.map_err(ServerError::Serve)?,
        () = overdue => tracing::warn!("open requests were cut off after the drain time"),
    }
    workers.stop(limit).await;
    lifecycle::stop_engine(&engine, limit).await;
    tracing::info!("fermata has stopped");
    Ok(())
}

fn start_workers(engine: &Engine, hosts: Hosts, options: &ServerOptions) -> Workers {
    let config = WorkersConfig {
        places: usize::from(options.http_places),
        secrets: Secrets::new(environment(SECRET_PREFIX)),
        ..WorkersConfig::default()
    };
    Workers::start(engine, vec![Arc::new(HttpTask::new(hosts))], &config)
}

fn open_engine(options: &ServerOptions) -> Result<Engine, ServerError> {
    let mut name = [0; 16];
    fill_randomly(&mut name)?;
    let mut store_options = Options::new(StoreId(name))
        .segment_bytes(options.segment_bytes)
        .delta_bytes(options.delta_bytes);
    if options.bench_added_sync_us > 0 {
        tracing::warn!(added_us = options.bench_added_sync_us, "each sync is made slower");
        let added = Duration::from_micros(options.bench_added_sync_us);
        store_options = store_options.files(SlowerSync::new(added));
    }
    let store = EmbeddedStore::open(&options.data_dir, store_options).map_err(|source| {
        let dir = options.data_dir.display().to_string();
        ServerError::Store { dir, source: Box::new(source) }
    })?;
    let parts = Parts {
        store: Arc::new(store),
        clock: Arc::new(SystemClock),
        salt: Arc::new(SystemSalt),
        evaluator: Arc::new(scripts(options)?),
        poisoned: Box::new(poisoned),
    };
    let config = Config {
        shards: options.shards,
        payload_cache_bytes: options.payload_cache_bytes,
        script_places: options.script_places.max(1),
        payload_limits: options.payloads.limits(),
        environment: environment(ENVIRONMENT_PREFIX),
        ..Config::default()
    };
    Ok(Engine::open(parts, config)?)
}

/// Begins to remove ended runs, if there are rules.
fn retain(engine: &Engine, options: &ServerOptions) {
    if options.retain.is_empty() {
        return;
    }
    let archive = options.archive_dir.clone();
    let archive = archive.unwrap_or_else(|| options.data_dir.join("archive"));
    let archive = FileArchive::new(engine.clone(), archive);
    engine.retain(Rules(options.retain.clone()), Arc::new(archive));
    tracing::info!(rules = options.retain.len(), "ended runs are removed by rule");
}

/// JavaScript in this process, jq in children that run this same program.
fn scripts(options: &ServerOptions) -> Result<Scripts, ServerError> {
    let path = std::env::current_exe().map_err(ServerError::Program)?;
    let program = JqProgram { path, arguments: vec!["jq-worker".to_owned()] };
    let limits = JqLimits { memory: options.jq_memory_bytes, ..JqLimits::default() };
    Ok(Scripts::new(JavaScript::default(), JqPool::new(program, limits)))
}

#[expect(clippy::disallowed_methods, reason = "a new store's name, once in its life")]
fn fill_randomly(name: &mut [u8; 16]) -> Result<(), ServerError> {
    getrandom::fill(name).map_err(ServerError::Randomness)
}

/// A failed write or sync is not retried (design 4): the process ends without answering anyone.
fn poisoned(error: &CommitError) {
    tracing::error!(error = error as &dyn std::error::Error, "the store failed; stopping");
    std::process::exit(POISONED);
}

#[expect(clippy::disallowed_methods, reason = "an allow-list of names, read once at start")]
fn environment(prefix: &str) -> BTreeMap<String, String> {
    std::env::vars()
        .filter_map(|(name, value)| name.strip_prefix(prefix).map(|name| (name.to_owned(), value)))
        .collect()
}
