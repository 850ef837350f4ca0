//! One call of the tool: look at the server, run each phase, read it back, report.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use hyper::Uri;

use crate::arguments::Arguments;
use crate::client::{Client, Target};
use crate::definitions::Subject;
use crate::host::{Host, Recipe};
use crate::report::{Percentiles, Report, Setting, Skip, WorkloadReport};
use crate::sample::{Process, Sample};
use crate::verify::Expected;
use crate::workloads::{Context, Phase};
use crate::{definitions, device, print, verify};

/// Whether the figures of a call may be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Every run read back as completed exactly once, and no call failed.
    Sound,
    /// A run did not, or a call failed, or nothing was run at all.
    Unsound,
}

/// Runs the workloads asked for against the server, prints their figures and returns whether
/// every run was read back as completed exactly once.
///
/// # Errors
/// The server cannot be reached or refuses the definitions, or a file cannot be written.
pub fn run(arguments: &Arguments) -> anyhow::Result<Verdict> {
    // The device is measured first, before the server has anything to sync.
    let device_sync = match &arguments.data_dir {
        Some(directory) => Some(device::sync_time(directory)?),
        None => None,
    };
    let runtime = if arguments.threads == 1 {
        tokio::runtime::Builder::new_current_thread().enable_all().build()?
    } else {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(usize::from(arguments.threads))
            .enable_all()
            .build()?
    };
    runtime.block_on(async {
        let context = open(arguments).await?;
        let report = measure_all(&context, device_sync).await;
        if let Some(host) = &context.host {
            host.stop().await?;
        }
        let report = report?;
        print::verdict(&report);
        let is_sound = report.workloads.iter().all(WorkloadReport::is_sound);
        Ok(if is_sound { Verdict::Sound } else { Verdict::Unsound })
    })
}

/// Starts the server if there is one to start.
async fn open(arguments: &Arguments) -> anyhow::Result<Context> {
    let arguments = arguments.clone();
    let (Some(program), Some(data)) = (&arguments.scale.serve, &arguments.data_dir) else {
        let target = Arc::new(Target::parse(&arguments.url)?);
        return Ok(Context { target, arguments, host: None });
    };
    let recipe = Recipe {
        program: program.clone(),
        arguments: arguments.scale.serve_arg.clone(),
        data: data.join("data"),
    };
    let host = Host::start(recipe).await?;
    let target = Arc::new(Target::parse(&host.url())?);
    Ok(Context { target, arguments, host: Some(Arc::new(host)) })
}

async fn measure_all(
    context: &Context,
    device_sync: Option<Percentiles>,
) -> anyhow::Result<Report> {
    let arguments = &context.arguments;
    let url = context.host.as_ref().map_or_else(|| arguments.url.clone(), |host| host.url());
    let setting = Setting {
        label: arguments.label.clone().unwrap_or_else(|| url.clone()),
        store: arguments.store.clone(),
        target: url,
        server_version: server_version(context).await?,
        generator_threads: arguments.threads,
        processors: std::thread::available_parallelism().map_or(0, usize::from),
        device_sync,
    };
    print::setting(&setting);
    let mut report = Report { setting, workloads: Vec::new() };
    for phase in arguments.workloads().into_iter().flat_map(Phase::of) {
        let measured = match measure(*phase, context).await {
            Ok(measured) => measured,
            Err(error) => match error.downcast_ref::<Skip>() {
                Some(why) => WorkloadReport::skipped(phase.name(), why.to_string()),
                None => return Err(error),
            },
        };
        print::workload(&measured);
        report.workloads.push(measured);
        write(arguments, &report)?;
    }
    Ok(report)
}

async fn server_version(context: &Context) -> anyhow::Result<String> {
    let mut client = Client::new(Arc::clone(&context.target));
    let uri = context.target.uri("/api/version")?;
    let answer = client.get(&uri, Duration::ZERO).await?;
    Ok(match answer.status.is_success() {
        true => answer.text()?.trim().to_owned(),
        false => format!("not reported ({})", answer.status.as_u16()),
    })
}

async fn measure(phase: Phase, context: &Context) -> anyhow::Result<WorkloadReport> {
    let arguments = &context.arguments;
    let subject = phase.subject();
    phase.prepare(context).await?;
    register(context, &subject).await?;
    let mut client = Client::new(Arc::clone(&context.target));
    let metrics: Uri = context.target.uri("/metrics")?;
    let before = Sample::take(&mut client, &metrics, context.pid()).await;
    let own_before = Process::own();
    let measured = phase
        .measure(context)
        .await
        .with_context(|| format!("workload {} could not run", phase.name()))?;
    let own_after = Process::own();
    let after = Sample::take(&mut client, &metrics, context.pid()).await;
    let runs = measured.runs.len() as u64;
    let tasks = runs * measured.tasks_per_run as u64;
    let verification = match measured.verification {
        Some(verification) => verification,
        None => {
            let (connections, settle) = (arguments.verify_connections, arguments.settle());
            let expected = Expected::from(&subject);
            verify::read_back(&context.target, measured.runs, expected, connections, settle).await
        }
    };
    let server = after.since(&before);
    let generator_cpu_ms = own_after.zip(own_before).map(|(now, then)| now.cpu_ms_since(then));
    let each = |cpu_ms: Option<u64>, count: u64| (cpu_ms? * 1000).checked_div(count);
    Ok(WorkloadReport {
        workload: phase.name(),
        skipped: None,
        parameters: measured.parameters,
        figures: measured.figures,
        latencies: measured.latencies,
        failures: measured.failures,
        server_cpu_us_per_run: each(server.cpu_ms, runs),
        server_cpu_us_per_task: each(server.cpu_ms, tasks),
        generator_cpu_us_per_run: each(generator_cpu_ms, runs),
        server,
        generator_cpu_ms,
        verification,
    })
}

/// A definition that the server refuses makes the workload one it cannot do.
async fn register(context: &Context, subject: &Subject) -> anyhow::Result<()> {
    let refused = |error: anyhow::Error| anyhow::Error::new(Skip(format!("{error:#}")));
    definitions::register(&context.target, subject).await.map_err(refused)
}

/// Writes the file after each workload, so that a broken call leaves what it had.
fn write(arguments: &Arguments, report: &Report) -> anyhow::Result<()> {
    let Some(path) = &arguments.json else { return Ok(()) };
    let text = serde_json::to_string_pretty(report)?;
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
