//! Reads of committed rows that need no run in memory (design 2.6): open runs by name, runs by
//! correlation, log lines, sizes.

use fermata_storage::{LookupKey, ReadError, Row, RowKey, RunKey, ScanRange};
use fermata_types::id::SHARD_KEYS;
use fermata_types::{RunId, ShardId, ShardKey, TaskId, Timestamp};

use crate::engine::handle::Engine;
use crate::queues::{Depth, PermitCount, PollData};
use crate::shard::load::scan_all;

/// Rows read at once.
const PAGE: usize = 256;

/// An open or correlated run, as its lookup row tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundRun {
    /// The run.
    pub run: RunId,
    /// Version of its workflow.
    pub version: i32,
    /// When it began.
    pub created: Timestamp,
    /// Whether it has ended.
    pub closed: bool,
}

impl Engine {
    /// Open runs of a workflow, of all versions, oldest first.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn running(&self, name: &str) -> Result<Vec<FoundRun>, ReadError> {
        self.found(|shard| ScanRange::Running { shard, name: name.to_owned() })
    }

    /// Runs of a workflow with a correlation id, open and ended, oldest first.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn correlated(&self, name: &str, correlation: &str) -> Result<Vec<FoundRun>, ReadError> {
        self.found(|shard| ScanRange::Correlated {
            shard,
            name: name.to_owned(),
            correlation: correlation.to_owned(),
        })
    }

    /// Runs of a workflow's version that began in a range of time, open and ended, oldest first.
    /// Run ids begin with their time, so only ids of that range are read, for each shard key.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn created_between(
        &self,
        name: &str,
        version: i32,
        (from, to): (Timestamp, Timestamp),
    ) -> Result<Vec<FoundRun>, ReadError> {
        let mut found = Vec::new();
        // The page begins after a key: one millisecond earlier keeps the range's own first id.
        let before = Timestamp::from_ms(from.as_ms().saturating_sub(1));
        for key in (0..SHARD_KEYS).map(ShardKey::wrapping) {
            let range = ScanRange::RunsOfKey { key };
            let mut after = RowKey::Run(RunKey { run: RunId::compose(before, key, 0) });
            loop {
                let page = self.store().scan(&range, Some(&after), PAGE)?;
                let mut is_past = false;
                for row in &page.rows {
                    let Row::Run(row) = row else { continue };
                    is_past |= row.key.run.minted_at() > to;
                    let is_wanted = row.name == name && row.version == version;
                    if is_wanted && row.created >= from && row.created <= to {
                        found.push(FoundRun {
                            run: row.key.run,
                            version: row.version,
                            created: row.created,
                            closed: row.closed.is_some(),
                        });
                    }
                }
                match page.rows.last() {
                    Some(last) if page.more && !is_past => after = last.key(),
                    _ => break,
                }
            }
        }
        found.sort_by_key(|found| (found.created, found.run));
        Ok(found)
    }

    fn found(&self, range: impl Fn(ShardId) -> ScanRange) -> Result<Vec<FoundRun>, ReadError> {
        let mut found = Vec::new();
        for shard in 0..self.map().count() {
            scan_all(self.store(), &range(ShardId(shard)), |row| {
                let Row::Lookup(row) = row else { return };
                let run = match row.key {
                    LookupKey::Running { run, .. } | LookupKey::Correlated { run, .. } => run,
                };
                let (version, created, closed) = (row.version, row.created, row.closed);
                found.push(FoundRun { run, version, created, closed });
            })?;
        }
        found.sort_by_key(|found| (found.created, found.run));
        Ok(found)
    }

    /// Log lines of a task with their times, oldest first.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn task_logs(&self, task: TaskId) -> Result<Vec<(String, Timestamp)>, ReadError> {
        let mut lines = Vec::new();
        scan_all(self.store(), &ScanRange::TaskLogs { task }, |row| {
            if let Row::TaskLog(row) = row {
                lines.push((row.text, row.created));
            }
        })?;
        Ok(lines)
    }

    /// Rows waiting in a queue, delayed ones included.
    #[must_use]
    pub fn queue_size(&self, queue: &str) -> usize {
        self.room().read(|hub| hub.size(queue))
    }

    /// Name and size of each queue with rows.
    #[must_use]
    pub fn queue_sizes(&self) -> Vec<(String, usize)> {
        self.room().read(crate::queues::Hub::sizes)
    }

    /// Name and depth of each queue with rows: all of them, and those in memory.
    #[must_use]
    pub fn queue_depths(&self) -> Vec<(String, Depth)> {
        self.room().read(crate::queues::Hub::depths)
    }

    /// Task types with limits, and how many of their tasks are in workers' hands.
    #[must_use]
    pub fn permits(&self) -> Vec<PermitCount> {
        self.permit_table().counts()
    }

    /// Who polled a task type last, or each of them.
    #[must_use]
    pub fn poll_data(&self, task_type: Option<&str>) -> Vec<PollData> {
        self.polls().of(task_type)
    }
}
