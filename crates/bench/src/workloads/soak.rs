//! `soak`: a share of the peak for a long time; memory and data directory must stay flat.
//!
//! The peak is measured first, in a closed loop on the same server. A sample is printed as it is
//! taken, and the slopes are those of straight lines through the second half of the samples,
//! when caches are full and retention has caught up.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::ensure;
use serde_json::json;

use crate::client::Client;
use crate::definitions::Subject;
use crate::host::bytes_on_disk;
use crate::loops::{closed_loop, open_loop};
use crate::pacer::Pace;
use crate::report::{Measured, per_second};
use crate::sample::Process;
use crate::tracker::{Field, Window};
use crate::verify::{Expected, Mismatch, Verification, judge};
use crate::workloads::calls::until_none_runs;
use crate::workloads::phase::{Context, conclude};
use crate::workloads::start::StartShot;
use crate::workloads::workers::{self, Crew};

/// Runs that are read back in the end, taken evenly from all; a long soak has millions.
const READ_BACK_MAX: usize = 10_000;

/// What one look at the server found.
#[derive(Debug, Clone, Copy)]
struct Look {
    seconds: f64,
    resident_mib: Option<f64>,
    disk_mib: Option<f64>,
}

pub(crate) async fn measure(context: &Context, subject: &Subject) -> anyhow::Result<Measured> {
    let arguments = &context.arguments;
    let scale = &arguments.scale;
    ensure!(scale.load > 0.0 && scale.soak_minutes > 0.0, "load and minutes are above 0");
    let mut measured = Measured::default();
    let peak = peak(context, subject, &mut measured).await?;
    let rate = (peak * scale.load).floor().max(1.0) as u32;
    let length = Duration::from_secs_f64(scale.soak_minutes * 60.0);
    measured.parameter("minutes", scale.soak_minutes);
    measured.parameter("load, as a share of the peak", scale.load);
    measured.parameter("starts/s", rate);
    measured.parameter("retention", json!(scale.soak_serve_arg).to_string());
    println!("soak             {rate} starts/s, {} of a peak of {peak}", scale.load);

    let pace = Pace { per_second: rate, length };
    let window = Window::after(Duration::ZERO, length);
    let field = Arc::new(Field::open(window));
    let at_work = workers::launch(&context.target, subject, &field, Crew::busy(arguments))?;
    let shot = Arc::new(StartShot::new(&context.target, subject, &field)?);
    let begin = window.until - length;
    let connections = arguments.open_loop_connections;
    let mut looks = Vec::new();
    let kept = tokio::select! {
        kept = open_loop(&shot, &context.target, pace, begin, connections) => kept,
        () = look_on(context, &field, begin, &mut looks) => unreachable!("it never ends"),
    };
    field.drain(arguments.settle()).await;
    let left = until_none_runs(&context.target, subject, arguments.settle()).await?;
    drop(at_work);

    measured.kept(&kept);
    slopes(&looks, &mut measured);
    measured.figure("runs that stayed open", left.len());
    let never_done = told(&field, length, &mut measured);
    measured.tasks_per_run = subject.worker_tasks();
    measured.verification = Some(account(context, subject, &mut measured, never_done).await);
    Ok(measured)
}

/// What clients and workers have seen; the number of runs that were never seen to their end.
fn told(field: &Field, length: Duration, measured: &mut Measured) -> u64 {
    let tracker = field.tracker();
    measured.figure("completed runs/s", per_second(tracker.done_in_window, length));
    measured.latency("start due → start answered", &tracker.begin_to_answer);
    measured.latency("start due → completed", &tracker.begin_to_done);
    conclude(&tracker, measured);
    tracker.open()
}

/// Completed runs a second when nobody waits for a pace.
async fn peak(
    context: &Context,
    subject: &Subject,
    measured: &mut Measured,
) -> anyhow::Result<f64> {
    let arguments = &context.arguments;
    let window = Window::after(arguments.warmup(), arguments.measured());
    let field = Arc::new(Field::closed(window, arguments.open_runs));
    let _at_work = workers::launch(&context.target, subject, &field, Crew::busy(arguments))?;
    let shot = Arc::new(StartShot::new(&context.target, subject, &field)?);
    closed_loop(&shot, &context.target, arguments.starters, window.until).await;
    field.drain(arguments.settle()).await;
    let peak = per_second(field.tracker().done_in_window, arguments.measured());
    ensure!(peak > 0.0, "no run was completed, so there is no peak to take a share of");
    measured.figure("peak, completed runs/s", peak);
    Ok(peak)
}

/// Takes a look again and again.
async fn look_on(context: &Context, field: &Field, begin: Instant, looks: &mut Vec<Look>) {
    let every = Duration::from_secs(context.arguments.scale.soak_sample_seconds);
    loop {
        tokio::time::sleep(every).await;
        let process = context.pid().and_then(Process::of);
        let look = Look {
            seconds: begin.elapsed().as_secs_f64(),
            resident_mib: process.map(|process| process.resident_mib() as f64),
            disk_mib: context.data().map(|data| (bytes_on_disk(data) >> 20) as f64),
        };
        let (open, done) = {
            let tracker = field.tracker();
            (tracker.open(), tracker.done_total)
        };
        let shown = |mib: Option<f64>| mib.map_or("unknown".to_owned(), |mib| mib.to_string());
        println!(
            "soak {:>7.0} s   resident {:>6} MiB   on disk {:>7} MiB   open {open:>7}   \
             done {done}",
            look.seconds,
            shown(look.resident_mib),
            shown(look.disk_mib)
        );
        looks.push(look);
    }
}

/// What grows by how much in an hour, by the second half of the samples.
fn slopes(looks: &[Look], measured: &mut Measured) {
    let later = looks.get(looks.len() / 2..).unwrap_or_default();
    for (name, of) in [
        ("resident", (|look: &Look| look.resident_mib) as fn(&Look) -> Option<f64>),
        ("on disk", |look: &Look| look.disk_mib),
    ] {
        let points: Vec<(f64, f64)> =
            later.iter().filter_map(|look| Some((look.seconds, of(look)?))).collect();
        if let (Some(first), Some(last)) = (points.first(), points.last()) {
            measured.figure(&format!("MiB {name}, half-way"), first.1);
            measured.figure(&format!("MiB {name}, in the end"), last.1);
        }
        if let Some(slope) = slope(&points) {
            let per_hour = (slope * 3600.0 * 10.0).round() / 10.0;
            measured.figure(&format!("MiB {name}, growth an hour"), per_hour);
        }
    }
}

/// The slope of the straight line through points, by least squares; none with fewer than two.
fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let count = points.len() as f64;
    let mean_x = points.iter().map(|(x, _)| x).sum::<f64>() / count;
    let mean_y = points.iter().map(|(_, y)| y).sum::<f64>() / count;
    let spread: f64 = points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    let common: f64 = points.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    (spread > 0.0).then(|| common / spread)
}

/// No run was lost: each was seen to its end, and those that retention has left read as they
/// must. A run that is gone is right only where retention is on.
async fn account(
    context: &Context,
    subject: &Subject,
    measured: &mut Measured,
    never_done: u64,
) -> Verification {
    let begun = Instant::now();
    let retains = !context.arguments.scale.soak_serve_arg.is_empty();
    let expected = Expected::from(subject);
    let mut client = Client::new(Arc::clone(&context.target));
    let mut wrong: Vec<String> = Vec::new();
    if never_done > 0 {
        wrong.push(format!("{never_done} runs were never seen to their end"));
    }
    let every = measured.runs.len().div_ceil(READ_BACK_MAX).max(1);
    let (mut read, mut removed) = (0_u64, 0_u64);
    for run in measured.runs.iter().step_by(every) {
        read += 1;
        let uri = context.target.uri(&format!("/api/workflow/{run}?includeTasks=true"));
        let answer = match uri {
            Ok(uri) => client.get(&uri, Duration::ZERO).await,
            Err(error) => Err(error),
        };
        match answer.map(|answer| judge(&answer, &expected.references)) {
            Ok(Ok(_)) => {}
            Ok(Err(Mismatch::Refused(404))) if retains => removed += 1,
            Ok(Err(mismatch)) => wrong.push(format!("{run}: {mismatch}")),
            Err(error) => wrong.push(format!("{run}: {error:#}")),
        }
    }
    measured.figure("runs read back", read);
    measured.figure("of them removed by retention", removed);
    Verification::judged(measured.runs.len(), wrong, begun.elapsed().as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slope_of_a_line_is_its_slope() {
        let points: Vec<(f64, f64)> = (0..5).map(|x| (f64::from(x), f64::from(x) * 2.0)).collect();
        assert!(slope(&points).is_some_and(|slope| (slope - 2.0).abs() < 1e-9));
        assert_eq!(slope(&[(1.0, 1.0)]), None);
        assert_eq!(slope(&[]), None);
    }

    #[test]
    fn growth_is_that_of_the_second_half() {
        let look =
            |at: u32, mib| Look { seconds: f64::from(at), resident_mib: Some(mib), disk_mib: None };
        let looks: Vec<Look> =
            (0..10).map(|at| look(at, if at < 5 { f64::from(at) } else { 7.0 })).collect();
        let mut measured = Measured::default();
        slopes(&looks, &mut measured);
        assert_eq!(measured.figures.get("MiB resident, growth an hour"), Some(&json!(0.0)));
        assert_eq!(measured.figures.get("MiB on disk, growth an hour"), None);
    }
}
