//! The device's own sync time, measured beside the server: what no server can beat per commit.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use anyhow::Context;

use crate::report::{Latency, Percentiles};

/// Appends measured: enough for a p99.
const SAMPLES: usize = 200;
/// Bytes of each append: one page.
const APPEND_BYTES: usize = 4096;
/// The file that is made, and removed whatever happens.
const FILE_NAME: &str = "fermata-bench-sync-probe";

/// Measures `fdatasync` after 4 KiB appends to a file in `directory`.
///
/// # Errors
/// The directory cannot be written.
pub(crate) fn sync_time(directory: &Path) -> anyhow::Result<Percentiles> {
    let path = directory.join(FILE_NAME);
    let measured = measure(&path);
    let removed = fs::remove_file(&path);
    let measured = measured.with_context(|| format!("cannot sync {}", path.display()))?;
    removed.with_context(|| format!("cannot remove {}", path.display()))?;
    Ok(measured)
}

fn measure(path: &Path) -> std::io::Result<Percentiles> {
    let mut file = OpenOptions::new().create(true).write(true).truncate(true).open(path)?;
    let page = [0xA5_u8; APPEND_BYTES];
    let mut latency = Latency::default();
    for _ in 0..SAMPLES {
        let begun = Instant::now();
        file.write_all(&page)?;
        file.sync_data()?;
        latency.record(begun.elapsed());
    }
    Ok(latency.summary())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_probe_leaves_nothing_behind() {
        let directory = tempfile::tempdir().expect("a scratch folder");
        let summary = sync_time(directory.path()).expect("it can be written");
        assert_eq!(summary.samples, SAMPLES as u64);
        assert!(!directory.path().join(FILE_NAME).exists());
    }

    #[test]
    fn a_missing_directory_is_an_error() {
        let directory = tempfile::tempdir().expect("a scratch folder");
        assert!(sync_time(&directory.path().join("absent")).is_err());
    }
}
