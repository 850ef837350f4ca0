//! What the server has acknowledged, kept outside of it.

use std::collections::{BTreeMap, BTreeSet};

use fermata_types::{RunId, TaskId};

use crate::workload::op::{Told, What};

/// Acknowledgements in the order they were heard.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// Runs whose start was acknowledged.
    pub(crate) started: BTreeSet<RunId>,
    /// The runs told for each idempotency key.
    pub(crate) keys: BTreeMap<String, BTreeSet<RunId>>,
    /// Results that were taken: the attempt and the tag of its output.
    pub(crate) results: Vec<(TaskId, String)>,
    /// Messages that were accepted.
    pub(crate) messages: BTreeMap<String, RunId>,
    /// Log lines that were kept.
    pub(crate) lines: Vec<(TaskId, String)>,
    /// Runs that someone asked to end or to delete.
    pub(crate) ended_by_hand: BTreeSet<RunId>,
}

impl Ledger {
    /// An answer was heard.
    pub(crate) fn note(&mut self, what: &What, told: &Told) {
        match (what, told) {
            (What::Start { key, .. }, Told::Started(run) | Told::KeyUsed(run)) => {
                self.started.insert(*run);
                if let Some(key) = key {
                    self.keys.entry(key.clone()).or_default().insert(*run);
                }
            }
            (What::Close { task, tag }, Told::Updated(_)) => {
                self.results.push((*task, tag.clone()));
            }
            (What::ByReference { run, tag }, Told::Updated(number)) => {
                self.results.push((run.task(*number), tag.clone()));
            }
            (What::Message { run, id }, Told::Done) => {
                self.messages.insert(id.clone(), *run);
            }
            (What::Log { task, text }, Told::Done) => {
                self.lines.push((*task, text.clone()));
            }
            _ => {}
        }
    }
}
