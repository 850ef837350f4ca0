//! `recovery`: the server is killed with a full log while everybody is at work.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::definitions::Subject;
use crate::host::{Host, bytes_on_disk};
use crate::loops::closed_loop;
use crate::report::Measured;
use crate::sample::Process;
use crate::tracker::{Field, Window};
use crate::workloads::calls::{seconds, until_none_runs};
use crate::workloads::phase::{Context, conclude};
use crate::workloads::start::{StartShot, start, start_uri};
use crate::workloads::workers::{self, Crew};

/// How often the data directory is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);

pub(crate) async fn measure(context: &Context, subject: &Subject) -> anyhow::Result<Measured> {
    let arguments = &context.arguments;
    let host = context.own_server()?;
    let limit = Duration::from_secs(arguments.scale.recovery_seconds);
    let field = Arc::new(Field::closed(Window::after(Duration::ZERO, limit), arguments.open_runs));
    let crew = Crew::busy(arguments);
    let shot = Arc::new(StartShot::new(&context.target, subject, &field)?);
    let until = field.window.until;

    let mut measured = Measured::default();
    measured.parameter("MiB to fill", arguments.scale.recovery_mib);
    measured.parameter("open runs", arguments.open_runs);
    crew.describe(&mut measured);
    let begun = Instant::now();
    {
        let _at_work = workers::launch(&context.target, subject, &field, crew)?;
        tokio::select! {
            () = closed_loop(&shot, &context.target, arguments.starters, until) => {}
            () = grown(host, arguments.scale.recovery_mib << 20) => {}
        }
        // In the middle of everything: what is under way is answered by nobody.
        host.kill();
    }
    measured.figure("s under load before the kill", seconds(begun.elapsed()));
    measured.figure("MiB on disk at the kill", bytes_on_disk(host.data()) >> 20);
    measured.figure("runs open at the kill", field.tracker().open());

    let killed = Instant::now();
    let ready = host.kill_and_restart().await?;
    measured.figure("s to ready after kill -9", seconds(ready));
    let mut client = crate::client::Client::new(Arc::clone(&context.target));
    let first = start(&mut client, &start_uri(&context.target, subject)?).await?;
    measured.figure("s until a start is answered", seconds(killed.elapsed()));
    if let Some(process) = host.pid().and_then(Process::of) {
        measured.figure("MiB resident then", process.resident_mib());
    }

    let at_work = workers::launch(&context.target, subject, &field, crew)?;
    let left = until_none_runs(&context.target, subject, arguments.settle() * 4).await?;
    measured.figure("s until no run is open any more", seconds(killed.elapsed()));
    measured.figure("runs that stayed open", left.len());
    drop(at_work);
    let tracker = field.tracker();
    conclude(&tracker, &mut measured);
    measured.runs.push(first);
    Ok(measured)
}

/// Waits until the data directory has this many bytes more than now.
async fn grown(host: &Host, by: u64) {
    let at_first = bytes_on_disk(host.data());
    while bytes_on_disk(host.data()) < at_first + by {
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
