//! Runs as text outside any request: for the archive.

use fermata_runtime::Engine;
use fermata_runtime::engine::RunView;

use crate::state::{App, Options};
use crate::views::workflow;

/// Writes runs as `GET /api/workflow/{id}` shows them.
#[derive(Clone)]
pub struct Exporter {
    app: App,
}

impl Exporter {
    /// An exporter of an engine's runs.
    #[must_use]
    pub fn new(engine: Engine) -> Self {
        Self { app: App::new(engine, Options::default()) }
    }

    /// A run with all its tasks, as one JSON object without line breaks. Reads payloads from the
    /// store, and blocks while it does.
    ///
    /// # Errors
    /// Something in it cannot be written as JSON; a defect.
    pub fn run(&self, view: &RunView) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(&workflow::workflow(&self.app, view, true))
    }
}
