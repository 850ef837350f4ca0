//! Flags for uploaded payloads.

use std::path::Path;
use std::sync::Arc;

use clap::Args;
use fermata_api::{DiskFiles, DiskLimits, PayloadFiles};
use fermata_types::{Span, Timestamp};

/// Where clients may put payloads that are too large for their requests: a folder in the data
/// directory. A payload is copied into its run when its path arrives. Since 0.1.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Uploaded payloads")]
pub struct UploadOptions {
    /// MB that uploaded payloads may take together; more are refused until older ones go.
    #[arg(long, env = "FERMATA_UPLOADS_MAX_MB", default_value_t = 1024,
          value_parser = clap::value_parser!(u32).range(1..))]
    pub uploads_max_mb: u32,

    /// Hours for which an uploaded payload may be named by its path.
    #[arg(long, env = "FERMATA_UPLOADS_KEPT_HOURS", default_value_t = 24,
          value_parser = clap::value_parser!(u32).range(1..=8760))]
    pub uploads_kept_hours: u32,

    /// How clients reach this server, as scheme://host[:port], for the URLs it gives out; without
    /// it, the way each request came.
    #[arg(long, env = "FERMATA_PUBLIC_URL")]
    pub public_url: Option<String>,
}

/// The folder's name in the data directory.
const FOLDER: &str = "uploads";

impl UploadOptions {
    /// Opens the folder.
    ///
    /// # Errors
    /// It cannot be made or read.
    pub fn open(&self, data: &Path, now: Timestamp) -> std::io::Result<Arc<dyn PayloadFiles>> {
        let limits = DiskLimits {
            bytes: u64::from(self.uploads_max_mb) << 20,
            age: Span::from_seconds(i64::from(self.uploads_kept_hours) * 3600),
        };
        Ok(Arc::new(DiskFiles::open(&data.join(FOLDER), limits, now)?))
    }
}
