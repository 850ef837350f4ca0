//! `handoff-sdk`: the hand-off to workers of the official Python SDK, at the same fixed rate.
//!
//! The workers put the time from ready to hands, by the server's stamp and the machine's clock,
//! into their outputs, and it is read from there: nothing of ours is in between.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};

use crate::client::Client;
use crate::definitions::Subject;
use crate::loops::open_loop;
use crate::pacer::Pace;
use crate::report::{Latency, Measured, Skip};
use crate::tracker::{Field, Window};
use crate::wire::ReadRun;
use crate::workloads::calls::until_none_runs;
use crate::workloads::phase::{Context, conclude};
use crate::workloads::start::StartShot;

/// The line with which the script says that its workers poll.
const READY: &str = "workers are up";

pub(crate) async fn measure(context: &Context, subject: &Subject) -> anyhow::Result<Measured> {
    let arguments = &context.arguments;
    let workers = Workers::start(context, subject)?;
    let pace = Pace {
        per_second: arguments.handoff_rate,
        length: arguments.warmup() + arguments.measured(),
    };
    let window = Window::after(arguments.warmup(), arguments.measured());
    let field = Arc::new(Field::open(window));
    let shot = Arc::new(StartShot::new(&context.target, subject, &field)?);
    let connections = arguments.open_loop_connections;
    let begin = window.until - pace.length;
    let kept = open_loop(&shot, &context.target, pace, begin, connections).await;
    let left = until_none_runs(&context.target, subject, arguments.settle()).await?;
    drop(workers);

    let mut measured = Measured::default();
    measured.parameter("loop", "open");
    measured.parameter("starts/s", pace.per_second);
    measured.parameter("measured seconds", arguments.seconds);
    measured.kept(&kept);
    measured.figure("runs that stayed open", left.len());
    measured.latency("start due → start answered", &field.tracker().begin_to_answer);
    conclude(&field.tracker(), &mut measured);
    measured.figures.remove("runs never seen done");
    let told = told(context, &measured.runs).await?;
    measured.latency("ready (server, whole ms) → in hands", &told);
    Ok(measured)
}

/// What the workers put into their outputs, of all runs.
async fn told(context: &Context, runs: &[Box<str>]) -> anyhow::Result<Latency> {
    let mut client = Client::new(Arc::clone(&context.target));
    let mut latency = Latency::default();
    for run in runs {
        let uri = context.target.uri(&format!("/api/workflow/{run}?includeTasks=true"))?;
        let answer = client.get(&uri, Duration::ZERO).await?.accepted()?;
        let read: ReadRun<'_> = serde_json::from_slice(&answer.body)?;
        for us in read.tasks.iter().filter_map(|task| task.output_data.to_hands_us) {
            latency.record(Duration::from_micros(us));
        }
    }
    Ok(latency)
}

/// The SDK's processes, ended with all their children when this value goes.
struct Workers(Child);

impl Workers {
    fn start(context: &Context, subject: &Subject) -> anyhow::Result<Self> {
        let scale = &context.arguments.scale;
        let (Some(python), Some(script)) = (&scale.python, &scale.sdk_script) else {
            let why = "no Python with the official SDK was given (--python, --sdk-script)";
            return Err(Skip(why.to_owned()).into());
        };
        let url = context.host.as_ref().map_or(context.arguments.url.clone(), |host| host.url());
        let mut child = Command::new(python)
            .arg(script)
            .args([url.trim_end_matches('/'), subject.task_type])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {}", python.display()))?;
        let output = child.stdout.take();
        let workers = Self(child);
        let mut line = String::new();
        if let Some(output) = output {
            BufReader::new(output).read_line(&mut line)?;
        }
        ensure!(line.trim() == READY, "the SDK's workers did not come up: {line:?}");
        Ok(workers)
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        let group = format!("-{}", self.0.id());
        drop(Command::new("kill").args(["-KILL", "--", &group]).status());
        drop(self.0.wait());
    }
}
