//! `fermata doctor`: whether the disk keeps its word, and whether every open run names what it
//! waits for.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use fermata_runtime::audit::audit;
use fermata_store_embedded::{
    EmbeddedStore, FileHandle, FileLayer, OpenError, Options, RealFiles, StoreId,
};

use crate::cli::DoctorOptions;

/// Syncs measured.
const SYNCS: usize = 200;
/// Bytes written before each.
const SYNC_BYTES: usize = 4096;
/// A sync that returns sooner has most likely not reached any device that survives a power cut.
const TOO_GOOD: Duration = Duration::from_micros(20);
/// A sync that takes longer holds every answer up.
const SLOW: Duration = Duration::from_millis(20);
/// Bytes that should be free: the log needs room for its next segments.
const FREE_MIN: u64 = 1 << 30;
/// Findings printed one by one; the rest are counted.
const FINDINGS_PRINTED: usize = 100;
/// The file that is written, and removed whatever happens.
const PROBE: &str = "fermata-doctor-sync-probe";

/// What was found so far.
struct Report<W> {
    out: W,
    warnings: usize,
    findings: usize,
}

/// Exit code 0: all is well. 1: something was found. 2: it could not look.
pub fn run(options: &DoctorOptions) -> ExitCode {
    let mut report = Report { out: io::stdout().lock(), warnings: 0, findings: 0 };
    match look(&options.data_dir, &mut report) {
        Ok(()) if report.warnings + report.findings == 0 => ExitCode::SUCCESS,
        Ok(()) => ExitCode::FAILURE,
        Err(error) => {
            // Nobody may be reading; the exit code tells it too.
            let _ = writeln!(report.out, "error   {error}");
            ExitCode::from(2)
        }
    }
}

fn look<W: Write>(dir: &Path, report: &mut Report<W>) -> io::Result<()> {
    if !dir.is_dir() {
        return Err(io::Error::other(format!("{} is no directory", dir.display())));
    }
    disk(dir, report)?;
    store(dir, report)?;
    let (warnings, findings) = (report.warnings, report.findings);
    writeln!(report.out, "{warnings} warnings, {findings} findings")
}

fn disk<W: Write>(dir: &Path, report: &mut Report<W>) -> io::Result<()> {
    let mut times = sync_times(dir)?;
    times.sort_unstable();
    let at = |part: usize| times.get(times.len() * part / 100).copied().unwrap_or_default();
    let (p50, p99) = (at(50), at(99));
    report.line(
        p50 >= TOO_GOOD,
        format_args!("sync of 4 KiB: p50 {} µs, p99 {} µs", p50.as_micros(), p99.as_micros()),
        "too fast to be true: a cache that a power cut empties may be acknowledging writes",
    )?;
    if p50 > SLOW {
        report.line(false, format_args!("syncs are slow"), "every answer waits for one")?;
    }
    let free = free_bytes(dir)?;
    report.line(
        free >= FREE_MIN,
        format_args!("{} MiB free in {}", free >> 20, dir.display()),
        "less than 1 GiB: a full disk makes the server read-only",
    )
}

fn sync_times(dir: &Path) -> io::Result<Vec<Duration>> {
    let path = dir.join(PROBE);
    // One that a killed doctor has left.
    let _ = RealFiles.remove(&path);
    let file = RealFiles.create(&path)?;
    let times = measure(&*file);
    RealFiles.remove(&path)?;
    times
}

fn measure(file: &dyn FileHandle) -> io::Result<Vec<Duration>> {
    let page = [0xA5_u8; SYNC_BYTES];
    (0..SYNCS)
        .map(|number| {
            file.write_at((number * SYNC_BYTES) as u64, &page)?;
            file.sync_data()
        })
        .collect()
}

fn free_bytes(dir: &Path) -> io::Result<u64> {
    let space = rustix::fs::statvfs(dir)?;
    Ok(space.f_bavail.saturating_mul(space.f_frsize))
}

fn store<W: Write>(dir: &Path, report: &mut Report<W>) -> io::Result<()> {
    let options = Options::new(StoreId([0; 16]));
    let is_new = RealFiles.list(dir)?.iter().all(|name| name == "store.lock");
    if is_new {
        return report.line(true, format_args!("no store in {}", dir.display()), "");
    }
    let store = match EmbeddedStore::open(dir, options) {
        Ok(store) => store,
        Err(OpenError::Locked { .. }) => {
            let text = "a server is using the store: its runs are looked at when it has stopped";
            return report.line(true, format_args!("{text}"), "");
        }
        Err(error) => return report.finding(format_args!("the store cannot be opened: {error}")),
    };
    let mut first = Vec::new();
    let mut count = 0usize;
    let audited = audit(&store, &mut |finding| {
        count += 1;
        if count <= FINDINGS_PRINTED {
            first.push(finding);
        }
    })
    .map_err(io::Error::other)?;
    for finding in first {
        writeln!(report.out, "found   run {} {}", finding.run, finding.what)?;
    }
    report.findings += count;
    report.line(
        true,
        format_args!(
            "{} runs, {} of them open, {} tasks waiting in queues",
            audited.runs, audited.open, audited.queued
        ),
        "",
    )
}

impl<W: Write> Report<W> {
    /// A line that is well, or a warning with what it means.
    fn line(
        &mut self,
        is_well: bool,
        what: std::fmt::Arguments<'_>,
        otherwise: &str,
    ) -> io::Result<()> {
        if is_well {
            return writeln!(self.out, "ok      {what}");
        }
        self.warnings += 1;
        writeln!(self.out, "warning {what}: {otherwise}")
    }

    fn finding(&mut self, what: std::fmt::Arguments<'_>) -> io::Result<()> {
        self.findings += 1;
        writeln!(self.out, "found   {what}")
    }
}
