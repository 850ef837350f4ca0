//! One call of the tool: look at the server, run each phase, read it back, report.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use hyper::Uri;

use crate::arguments::Arguments;
use crate::client::{Client, Target};
use crate::report::{Report, Setting, WorkloadReport};
use crate::sample::{Process, Sample};
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
        let target = Arc::new(Target::parse(&arguments.url)?);
        let context = Context { target, arguments: arguments.clone() };
        let setting = Setting {
            target: arguments.url.clone(),
            server_version: server_version(&context).await?,
            generator_threads: arguments.threads,
            processors: std::thread::available_parallelism().map_or(0, usize::from),
            device_sync,
        };
        print::setting(&setting);
        definitions::register(&context.target).await?;
        let mut report = Report { setting, workloads: Vec::new() };
        for phase in arguments.workloads().into_iter().flat_map(Phase::of) {
            let measured = measure(*phase, &context).await?;
            print::workload(&measured);
            report.workloads.push(measured);
            write(arguments, &report)?;
        }
        let is_sound = report.workloads.iter().all(WorkloadReport::is_sound);
        print::verdict(&report);
        Ok(if is_sound { Verdict::Sound } else { Verdict::Unsound })
    })
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
    let mut client = Client::new(Arc::clone(&context.target));
    let metrics: Uri = context.target.uri("/metrics")?;
    let before = Sample::take(&mut client, &metrics, arguments.pid).await;
    let own_before = Process::own();
    let measured = phase
        .measure(context)
        .await
        .with_context(|| format!("workload {} could not run", phase.name()))?;
    let own_after = Process::own();
    let after = Sample::take(&mut client, &metrics, arguments.pid).await;
    let verification = verify::read_back(
        &context.target,
        measured.runs,
        phase.subject().references,
        arguments.verify_connections,
        arguments.settle(),
    )
    .await;
    Ok(WorkloadReport {
        workload: phase.name(),
        parameters: measured.parameters,
        figures: measured.figures,
        latencies: measured.latencies,
        failures: measured.failures,
        server: after.since(&before),
        generator_cpu_ms: own_after.zip(own_before).map(|(now, then)| now.cpu_ms_since(then)),
        verification,
    })
}

/// Writes the file after each workload, so that a broken call leaves what it had.
fn write(arguments: &Arguments, report: &Report) -> anyhow::Result<()> {
    let Some(path) = &arguments.json else { return Ok(()) };
    let text = serde_json::to_string_pretty(report)?;
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
