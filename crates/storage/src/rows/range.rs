//! Ranges of rows that can be scanned: each is all keys with a common beginning.

use fermata_types::{
    EventNumber, MessageOffset, RunId, ShardId, ShardKey, TaskId, TaskNumber, Timestamp,
};

use crate::codec::KeyWriter;
use crate::rows::{
    DeadlineKey, DedupKey, DefinitionHash, DefinitionKey, DueDeadlineKey, EndedKey, Family,
    HistoryKey, LaneKey, LeaseKey, LookupKey, MessageKey, OutboxKey, PayloadKey, QueueKey, Ready,
    ReceivedKey, ResolvedKey, RowKey, RunKey, ShardRowKey, SnapshotKey, TaskLogKey, definition,
    lookup,
};

/// A range of rows, read in key order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScanRange {
    /// Every row of the store, for comparison and audits.
    All,
    /// Every row of a family.
    Family(Family),
    /// A run's events.
    History {
        /// The run.
        run: RunId,
    },
    /// Runs whose id has this shard key, oldest first. The runs of a shard are those of its
    /// keys; `Family(Family::Run)` are those of the whole store, by shard key and then by id.
    RunsOfKey {
        /// The shard key.
        key: ShardKey,
    },
    /// The chunks of a run's snapshot, the head first.
    Snapshot {
        /// The run.
        run: RunId,
    },
    /// A run's large payloads.
    Payloads {
        /// The run.
        run: RunId,
    },
    /// All queue rows of a shard, by queue name.
    QueuesOfShard {
        /// The shard.
        shard: ShardId,
    },
    /// One queue's rows of a shard, best first.
    Queue {
        /// The shard.
        shard: ShardId,
        /// The queue's name.
        queue: String,
    },
    /// A shard's deadlines as version 1 kept them, by run.
    Deadlines {
        /// The shard.
        shard: ShardId,
    },
    /// All commands a shard has sent and nobody confirmed, by target and number.
    OutboxOfShard {
        /// The sending shard.
        source: ShardId,
    },
    /// Those of them for one target, by number.
    Outbox {
        /// The sending shard.
        source: ShardId,
        /// The receiving shard.
        target: ShardId,
    },
    /// How far a shard has taken in what each other one sends.
    Received {
        /// The receiving shard.
        target: ShardId,
    },
    /// A shard's leases of types with limits, by task.
    Leases {
        /// The shard.
        shard: ShardId,
    },
    /// A shard's deadlines, earliest first.
    DueDeadlines {
        /// The shard.
        shard: ShardId,
    },
    /// A run's lanes by name.
    Lanes {
        /// The run.
        run: RunId,
    },
    /// All messages of a run, by lane and offset.
    MessagesOfRun {
        /// The run.
        run: RunId,
    },
    /// The messages of one lane, by offset.
    Messages {
        /// The run.
        run: RunId,
        /// The lane's name.
        lane: String,
    },
    /// A shard's idempotency keys.
    Dedups {
        /// The shard.
        shard: ShardId,
    },
    /// All workflow definitions, by name and version.
    WorkflowDefinitions,
    /// The versions of one workflow, lowest first.
    WorkflowVersions {
        /// The workflow's name.
        name: String,
    },
    /// All task definitions, by name.
    TaskDefinitions,
    /// All event handlers, by name.
    EventHandlers,
    /// A shard's resolved definitions, by hash.
    Resolved {
        /// The shard.
        shard: ShardId,
    },
    /// The log lines of all tasks of a run.
    TaskLogsOfRun {
        /// The run.
        run: RunId,
    },
    /// The log lines of one task.
    TaskLogs {
        /// The task.
        task: TaskId,
    },
    /// All open runs of a shard, by name.
    RunningOfShard {
        /// The shard.
        shard: ShardId,
    },
    /// The open runs of a workflow in a shard, oldest first.
    Running {
        /// The shard.
        shard: ShardId,
        /// The workflow's name.
        name: String,
    },
    /// The runs of a workflow with a correlation id in a shard, oldest first.
    Correlated {
        /// The shard.
        shard: ShardId,
        /// The workflow's name.
        name: String,
        /// The correlation id.
        correlation: String,
    },
    /// A shard's ended runs, the earliest first.
    Ended {
        /// The shard.
        shard: ShardId,
    },
}

impl ScanRange {
    /// The family all keys of the range have; none for [`ScanRange::All`].
    #[must_use]
    pub const fn family(&self) -> Option<Family> {
        Some(match self {
            Self::All => return None,
            Self::Family(family) => *family,
            Self::History { .. } => Family::History,
            Self::RunsOfKey { .. } => Family::Run,
            Self::Payloads { .. } => Family::Payload,
            Self::Snapshot { .. } => Family::Snapshot,
            Self::QueuesOfShard { .. } | Self::Queue { .. } => Family::Queue,
            Self::Deadlines { .. } => Family::Deadline,
            Self::OutboxOfShard { .. } | Self::Outbox { .. } => Family::Outbox,
            Self::Received { .. } => Family::Received,
            Self::Leases { .. } => Family::Lease,
            Self::DueDeadlines { .. } => Family::DueDeadline,
            Self::Lanes { .. } => Family::Lane,
            Self::MessagesOfRun { .. } | Self::Messages { .. } => Family::Message,
            Self::Dedups { .. } => Family::Dedup,
            Self::WorkflowDefinitions
            | Self::WorkflowVersions { .. }
            | Self::TaskDefinitions
            | Self::EventHandlers => Family::Definition,
            Self::Resolved { .. } => Family::Resolved,
            Self::TaskLogsOfRun { .. } | Self::TaskLogs { .. } => Family::TaskLog,
            Self::RunningOfShard { .. } | Self::Running { .. } | Self::Correlated { .. } => {
                Family::Lookup
            }
            Self::Ended { .. } => Family::Ended,
        })
    }

    /// Whether the row under a key belongs to the range.
    #[must_use]
    pub fn contains(&self, key: &RowKey) -> bool {
        match (self, key) {
            (Self::All, _) => true,
            (Self::Family(family), key) => key.family() == *family,
            (Self::History { run }, RowKey::History(key)) => key.run == *run,
            (Self::RunsOfKey { key: shard_key }, RowKey::Run(key)) => key.run.key() == *shard_key,
            (Self::Payloads { run }, RowKey::Payload(key)) => key.run == *run,
            (Self::Snapshot { run }, RowKey::Snapshot(key)) => key.run == *run,
            (Self::QueuesOfShard { shard }, RowKey::Queue(key)) => key.shard == *shard,
            (Self::Queue { shard, queue }, RowKey::Queue(key)) => {
                key.shard == *shard && key.queue == *queue
            }
            (Self::Deadlines { shard }, RowKey::Deadline(key)) => key.shard == *shard,
            (Self::OutboxOfShard { source }, RowKey::Outbox(key)) => key.source == *source,
            (Self::Outbox { source, target }, RowKey::Outbox(key)) => {
                key.source == *source && key.target == *target
            }
            (Self::Received { target }, RowKey::Received(key)) => key.target == *target,
            (Self::Leases { shard }, RowKey::Lease(key)) => key.shard == *shard,
            (Self::DueDeadlines { shard }, RowKey::DueDeadline(key)) => key.shard == *shard,
            (Self::Lanes { run }, RowKey::Lane(key)) => key.run == *run,
            (Self::MessagesOfRun { run }, RowKey::Message(key)) => key.run == *run,
            (Self::Messages { run, lane }, RowKey::Message(key)) => {
                key.run == *run && key.lane == *lane
            }
            (Self::Dedups { shard }, RowKey::Dedup(key)) => key.shard == *shard,
            (Self::Resolved { shard }, RowKey::Resolved(key)) => key.shard == *shard,
            (Self::TaskLogsOfRun { run }, RowKey::TaskLog(key)) => key.task.run() == *run,
            (Self::TaskLogs { task }, RowKey::TaskLog(key)) => key.task == *task,
            (Self::Ended { shard }, RowKey::Ended(key)) => key.shard == *shard,
            (_, RowKey::Definition(key)) => self.contains_definition(key),
            (_, RowKey::Lookup(key)) => self.contains_lookup(key),
            _ => false,
        }
    }

    fn contains_definition(&self, key: &DefinitionKey) -> bool {
        match (self, key) {
            (Self::WorkflowDefinitions, DefinitionKey::Workflow { .. })
            | (Self::TaskDefinitions, DefinitionKey::Task { .. })
            | (Self::EventHandlers, DefinitionKey::Handler { .. }) => true,
            (Self::WorkflowVersions { name: wanted }, DefinitionKey::Workflow { name, .. }) => {
                name == wanted
            }
            _ => false,
        }
    }

    fn contains_lookup(&self, key: &LookupKey) -> bool {
        match (self, key) {
            (Self::RunningOfShard { shard: wanted }, LookupKey::Running { shard, .. }) => {
                shard == wanted
            }
            (
                Self::Running { shard: wanted, name: named },
                LookupKey::Running { shard, name, .. },
            ) => (shard, name) == (wanted, named),
            (
                Self::Correlated { shard: wanted, name: named, correlation: known },
                LookupKey::Correlated { shard, name, correlation, .. },
            ) => (shard, name, correlation) == (wanted, named, known),
            _ => false,
        }
    }

    /// The lowest key that could belong to the range: where an ordered map starts to read.
    #[must_use]
    pub fn lowest(&self) -> RowKey {
        match self.clone() {
            Self::All => lowest_of(Family::History),
            Self::Family(family) => lowest_of(family),
            Self::History { run } => HistoryKey { run, first: EventNumber(0) }.into(),
            Self::RunsOfKey { key } => RunKey { run: lowest_run(key) }.into(),
            Self::Payloads { run } => PayloadKey { run, event: EventNumber(0), part: 0 }.into(),
            Self::Snapshot { run } => SnapshotKey { run, chunk: 0 }.into(),
            Self::QueuesOfShard { shard } => lowest_queue(shard, String::new()),
            Self::Queue { shard, queue } => lowest_queue(shard, queue),
            Self::Deadlines { shard } => {
                DeadlineKey { shard, run: lowest_run(ShardKey::wrapping(0)) }.into()
            }
            Self::OutboxOfShard { source } => lowest_outbox(source, ShardId(0)),
            Self::Outbox { source, target } => lowest_outbox(source, target),
            Self::Received { target } => lowest_received(target),
            Self::Leases { shard } => {
                let task = lowest_run(ShardKey::wrapping(0)).task(TaskNumber(0));
                LeaseKey { shard, task }.into()
            }
            Self::DueDeadlines { shard } => {
                let run = lowest_run(ShardKey::wrapping(0));
                DueDeadlineKey { shard, due: Timestamp::from_ms(i64::MIN), run }.into()
            }
            Self::Lanes { run } => LaneKey { run, lane: String::new() }.into(),
            Self::MessagesOfRun { run } => lowest_message(run, String::new()),
            Self::Messages { run, lane } => lowest_message(run, lane),
            Self::Dedups { shard } => {
                DedupKey { shard, name: String::new(), key: String::new() }.into()
            }
            Self::WorkflowDefinitions => lowest_of(Family::Definition),
            Self::WorkflowVersions { name } => {
                DefinitionKey::Workflow { name, version: i32::MIN }.into()
            }
            Self::TaskDefinitions => DefinitionKey::Task { name: String::new() }.into(),
            Self::EventHandlers => DefinitionKey::Handler { name: String::new() }.into(),
            Self::Resolved { shard } => {
                ResolvedKey { shard, hash: DefinitionHash::default() }.into()
            }
            Self::TaskLogsOfRun { run } => {
                TaskLogKey { task: run.task(TaskNumber(0)), number: 0 }.into()
            }
            Self::TaskLogs { task } => TaskLogKey { task, number: 0 }.into(),
            Self::RunningOfShard { shard } => lowest_running(shard, String::new()),
            Self::Running { shard, name } => lowest_running(shard, name),
            Self::Correlated { shard, name, correlation } => LookupKey::Correlated {
                shard,
                name,
                correlation,
                run: lowest_run(ShardKey::wrapping(0)),
            }
            .into(),
            Self::Ended { shard } => lowest_ended(shard),
        }
    }

    /// Appends the bytes all keys of the range begin with.
    pub(crate) fn put_prefix(&self, out: &mut KeyWriter<'_>) {
        if let Some(family) = self.family() {
            out.u8(family.ordinal());
        }
        match self {
            Self::All | Self::Family(_) => out,
            Self::History { run }
            | Self::Payloads { run }
            | Self::Snapshot { run }
            | Self::Lanes { run }
            | Self::MessagesOfRun { run } => out.run(*run),
            Self::RunsOfKey { key } => out.u16(key.get()),
            Self::QueuesOfShard { shard }
            | Self::Deadlines { shard }
            | Self::OutboxOfShard { source: shard }
            | Self::Received { target: shard }
            | Self::Leases { shard }
            | Self::DueDeadlines { shard }
            | Self::Dedups { shard }
            | Self::Resolved { shard }
            | Self::Ended { shard } => out.shard(*shard),
            Self::Queue { shard, queue } => out.shard(*shard).text(queue),
            Self::Outbox { source, target } => out.shard(*source).shard(*target),
            Self::Messages { run, lane } => out.run(*run).text(lane),
            Self::WorkflowDefinitions => out.u8(definition::WORKFLOW),
            Self::WorkflowVersions { name } => out.u8(definition::WORKFLOW).text(name),
            Self::TaskDefinitions => out.u8(definition::TASK),
            Self::EventHandlers => out.u8(definition::HANDLER),
            Self::TaskLogsOfRun { run } => out.run_of_tasks(*run),
            Self::TaskLogs { task } => out.task(*task),
            Self::RunningOfShard { shard } => out.u8(lookup::RUNNING).shard(*shard),
            Self::Running { shard, name } => out.u8(lookup::RUNNING).shard(*shard).text(name),
            Self::Correlated { shard, name, correlation } => {
                out.u8(lookup::CORRELATED).shard(*shard).text(name).text(correlation)
            }
        };
    }
}

fn lowest_of(family: Family) -> RowKey {
    let (shard, run) = (ShardId(0), lowest_run(ShardKey::wrapping(0)));
    match family {
        Family::History => ScanRange::History { run }.lowest(),
        Family::Run => RunKey { run }.into(),
        Family::Payload => ScanRange::Payloads { run }.lowest(),
        Family::Queue => lowest_queue(shard, String::new()),
        Family::Deadline => ScanRange::Deadlines { shard }.lowest(),
        Family::Outbox => lowest_outbox(shard, shard),
        Family::Lane => ScanRange::Lanes { run }.lowest(),
        Family::Message => lowest_message(run, String::new()),
        Family::Dedup => ScanRange::Dedups { shard }.lowest(),
        Family::Definition => {
            DefinitionKey::Workflow { name: String::new(), version: i32::MIN }.into()
        }
        Family::Resolved => ScanRange::Resolved { shard }.lowest(),
        Family::TaskLog => ScanRange::TaskLogsOfRun { run }.lowest(),
        Family::Lookup => lowest_running(shard, String::new()),
        Family::Shard => ShardRowKey { shard }.into(),
        Family::Snapshot => ScanRange::Snapshot { run }.lowest(),
        Family::Received => lowest_received(shard),
        Family::Ended => lowest_ended(shard),
        Family::Lease => ScanRange::Leases { shard }.lowest(),
        Family::DueDeadline => ScanRange::DueDeadlines { shard }.lowest(),
    }
}

fn lowest_run(key: ShardKey) -> RunId {
    RunId::compose(Timestamp::ZERO, key, 0)
}

fn lowest_queue(shard: ShardId, queue: String) -> RowKey {
    let age = lowest_run(ShardKey::wrapping(0)).task(TaskNumber(0));
    let ready = Ready { priority: u8::MAX, due: Timestamp::from_ms(i64::MIN), age };
    QueueKey { shard, queue, ready }.into()
}

fn lowest_outbox(source: ShardId, target: ShardId) -> RowKey {
    OutboxKey { source, target, number: 0 }.into()
}

fn lowest_received(target: ShardId) -> RowKey {
    ReceivedKey { target, source: ShardId(0) }.into()
}

fn lowest_message(run: RunId, lane: String) -> RowKey {
    MessageKey { run, lane, offset: MessageOffset(0) }.into()
}

fn lowest_ended(shard: ShardId) -> RowKey {
    let run = lowest_run(ShardKey::wrapping(0));
    EndedKey { shard, at: Timestamp::from_ms(i64::MIN), run }.into()
}

fn lowest_running(shard: ShardId, name: String) -> RowKey {
    LookupKey::Running { shard, name, run: lowest_run(ShardKey::wrapping(0)) }.into()
}
