//! The sweep: reads what is due, removes it in small batches, rests in between.

use std::sync::Arc;
use std::time::Duration;

use fermata_storage::{EndedRow, Row, RowKey, ScanRange};
use fermata_types::{RunId, Span, Timestamp};
use tokio::task::JoinSet;

use crate::engine::{Engine, EngineError, RunView};
use crate::retention::agenda::{Agenda, Place};
use crate::retention::{Rules, Then};
use crate::shard::removable;
use crate::shard::request::Failure;

/// Rows read, and runs removed, at once.
const PAGE: usize = 32;
/// Behind by more than this, the sweep does not rest.
const BEHIND: Span = Span::from_seconds(60);
/// Pause after a failure of the store or a shard.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Where runs go before they are deleted.
pub trait Archive: Send + Sync {
    /// Keeps these runs durably: when it returns `Ok` they will be deleted. Called from a thread
    /// that may block. A crash in between may lead to the same run being archived twice.
    ///
    /// # Errors
    /// Nothing is deleted, and they are offered again later.
    fn keep(&self, runs: Vec<RunView>) -> std::io::Result<()>;
}

/// Removes ended runs by rule for as long as the engine runs.
pub struct Retention {
    engine: Engine,
    agenda: Agenda,
    archive: Arc<dyn Archive>,
}

impl Retention {
    /// Retention for an engine. Nothing happens before [`Retention::run`].
    #[must_use]
    pub fn new(engine: Engine, rules: Rules, archive: Arc<dyn Archive>) -> Self {
        let agenda = Agenda::new(rules, engine.shards());
        Self { engine, agenda, archive }
    }

    /// Sweeps until the engine stops. Sleeps until the next run reaches its age.
    pub async fn run(mut self) {
        while let Some(due) = self.agenda.next() {
            let wait = due.since(self.engine.now()).as_ms();
            tokio::time::sleep(Duration::from_millis(u64::try_from(wait).unwrap_or(0))).await;
            self.sweep_due().await;
        }
    }

    /// Removes all that is due by now, and says how many runs and leftovers that were.
    pub async fn sweep_due(&mut self) -> usize {
        let mut removed = 0;
        loop {
            let now = self.engine.now();
            let due = self.agenda.next().unwrap_or_default();
            let Some(place) = self.agenda.take(now) else { return removed };
            let count = self.sweep(place, now).await;
            removed += count;
            let is_behind = due != Timestamp::ZERO && now.since(due) > BEHIND;
            if count > 0 && !is_behind {
                // Half of the time is for others.
                let took = self.engine.now().since(now).as_ms();
                tokio::time::sleep(Duration::from_millis(u64::try_from(took).unwrap_or(0))).await;
            }
        }
    }

    /// Removes one page of a place; says how many runs that were.
    async fn sweep(&mut self, place: Place, now: Timestamp) -> usize {
        let Some((rows, more)) = self.page(place).await else {
            tokio::time::sleep(AFTER_FAILURE).await;
            self.agenda.read(place, Vec::new(), true, now);
            return 0;
        };
        let found = self.agenda.read(place, rows, more, now);
        let (archived, mut going): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|(_, then)| *then == Then::Archive);
        going.extend(self.archived(archived).await);
        let count = going.len();
        self.remove(going.into_iter().map(|(row, _)| row).collect()).await;
        count
    }

    async fn page(&self, place: Place) -> Option<(Vec<EndedRow>, bool)> {
        let engine = self.engine.clone();
        let read = tokio::task::spawn_blocking(move || {
            let range = ScanRange::Ended { shard: place.shard };
            engine.store().scan(&range, place.after.map(RowKey::Ended).as_ref(), PAGE)
        });
        match read.await {
            Ok(Ok(page)) => {
                let rows = page.rows.into_iter().filter_map(|row| match row {
                    Row::Ended(row) => Some(row),
                    _ => None,
                });
                Some((rows.collect(), page.more))
            }
            Ok(Err(error)) => {
                tracing::error!(%error, shard = %place.shard, "retention cannot read");
                None
            }
            Err(_) => None,
        }
    }

    /// Those of the rows whose runs are in the archive now; the others are tried again after the
    /// next start.
    async fn archived(&self, rows: Vec<(EndedRow, Then)>) -> Vec<(EndedRow, Then)> {
        let mut waiting: Vec<RunId> = rows.iter().map(|(row, _)| row.key.run).collect();
        while !waiting.is_empty() {
            let page = waiting.split_off(waiting.len().saturating_sub(PAGE));
            match self.keep(page).await {
                Ok(children) => waiting.extend(children),
                Err(error) => {
                    tracing::error!(error, "retention cannot archive: nothing is deleted");
                    return Vec::new();
                }
            }
        }
        rows
    }

    /// Archives some runs; answers their children, which go with them.
    async fn keep(&self, runs: Vec<RunId>) -> Result<Vec<RunId>, String> {
        let (mut views, mut children) = (Vec::new(), Vec::new());
        for run in runs {
            match self.engine.read(run).await {
                Ok(view) => {
                    children.extend(self.children(run).await?);
                    views.push(view);
                }
                Err(EngineError::NoSuchRun(_)) => {}
                Err(error) => return Err(error.to_string()),
            }
        }
        if views.is_empty() {
            return Ok(children);
        }
        let archive = self.archive.clone();
        match tokio::task::spawn_blocking(move || archive.keep(views)).await {
            Ok(Ok(())) => Ok(children),
            Ok(Err(error)) => Err(error.to_string()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// The same children that go with a run when it is removed.
    async fn children(&self, run: RunId) -> Result<Vec<RunId>, String> {
        let engine = self.engine.clone();
        let read = tokio::task::spawn_blocking(move || removable::children(engine.store(), run));
        match read.await {
            Ok(read) => read.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Removes runs side by side, then the children they leave.
    async fn remove(&self, rows: Vec<EndedRow>) {
        let mut waiting = rows;
        let mut under_way = JoinSet::new();
        loop {
            while under_way.len() < PAGE
                && let Some(row) = waiting.pop()
            {
                let engine = self.engine.clone();
                under_way.spawn(async move {
                    engine.retire(row.clone()).await.map_err(|error| (row, error))
                });
            }
            match under_way.join_next().await {
                None => return,
                Some(Ok(Ok(children))) => waiting.extend(children),
                Some(Ok(Err((
                    row,
                    EngineError::Failed(Failure::Overloaded | Failure::StorageFull),
                )))) => {
                    tokio::time::sleep(AFTER_FAILURE).await;
                    waiting.push(row);
                }
                Some(Ok(Err((row, error)))) => {
                    // Its row is still there: the next start of the server tries again.
                    tracing::warn!(run = %row.key.run, %error, "a run could not be removed");
                }
                Some(Err(_)) => {}
            }
        }
    }
}
