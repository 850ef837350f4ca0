//! Any key and any row, for properties.

use bytes::Bytes;
use fermata_storage::*;
use fermata_types::{
    EventNumber, MessageOffset, Payload, RunEpoch, RunId, RunStatus, ShardEpoch, ShardId, ShardKey,
    TaskId, TaskNumber, Timestamp,
};
use proptest::prelude::*;

/// Few different values, so that keys share their beginnings, and now and then any value.
fn mostly<T: Strategy>(
    few: impl Strategy<Value = T::Value>,
    any: T,
) -> impl Strategy<Value = T::Value>
where
    T::Value: std::fmt::Debug,
{
    prop_oneof![3 => few, 1 => any]
}

fn text() -> BoxedStrategy<String> {
    mostly("[a\0\u{1}b]{0,3}", ".{0,12}").boxed()
}

fn number() -> BoxedStrategy<u64> {
    mostly(0u64..4, any::<u64>()).boxed()
}

fn shard() -> BoxedStrategy<ShardId> {
    mostly(0u16..3, any::<u16>()).prop_map(ShardId).boxed()
}

fn time() -> BoxedStrategy<Timestamp> {
    mostly(-2i64..3, any::<i64>()).prop_map(Timestamp::from_ms).boxed()
}

fn run() -> BoxedStrategy<RunId> {
    let ms = mostly(0i64..3, 0i64..(1 << 48));
    let (key, salt) = (mostly(0u16..3, any::<u16>()), mostly(0u32..3, any::<u32>()));
    (ms, key, salt)
        .prop_map(|(ms, key, salt)| {
            RunId::compose(Timestamp::from_ms(ms), ShardKey::wrapping(key), salt)
        })
        .boxed()
}

fn task() -> BoxedStrategy<TaskId> {
    (run(), mostly(0u32..3, any::<u32>()))
        .prop_map(|(run, number)| run.task(TaskNumber(number)))
        .boxed()
}

fn hash() -> BoxedStrategy<DefinitionHash> {
    any::<[u8; 32]>().prop_map(DefinitionHash).boxed()
}

fn bytes() -> BoxedStrategy<Bytes> {
    prop::collection::vec(any::<u8>(), 0..40).prop_map(Bytes::from).boxed()
}

fn ready() -> BoxedStrategy<Ready> {
    let priority = mostly(0u8..3, any::<u8>());
    (priority, time(), task()).prop_map(|(priority, due, age)| Ready { priority, due, age }).boxed()
}

/// Any key.
pub fn key() -> BoxedStrategy<RowKey> {
    row().prop_map(|row| row.key()).boxed()
}

/// Any row.
pub fn row() -> BoxedStrategy<Row> {
    prop_oneof![of_runs(), of_shards(), of_names()].boxed()
}

fn of_runs() -> BoxedStrategy<Row> {
    let statuses = prop::sample::select(vec![
        RunStatus::Running,
        RunStatus::Paused,
        RunStatus::Completed,
        RunStatus::Failed,
        RunStatus::TimedOut,
        RunStatus::Terminated,
    ]);
    let who = (statuses, hash(), text(), any::<i32>(), prop::option::of(text()));
    let when = (time(), prop::option::of(time()), prop::option::of(task()), number());
    prop_oneof![
        (run(), number(), any::<u32>(), bytes()).prop_map(|(run, first, count, events)| {
            let key = HistoryKey { run, first: EventNumber(first) };
            HistoryRow { key, count, events }.into()
        }),
        (run(), who, when, prop::option::of(text())).prop_map(
            |(run, who, when, idempotency_key)| {
                let (status, definition, name, version, correlation) = who;
                let (created, closed, parent, last) = when;
                let (key, last) = (RunKey { run }, EventNumber(last));
                RunRow {
                    key,
                    status,
                    definition,
                    name,
                    version,
                    correlation,
                    created,
                    closed,
                    parent,
                    last,
                    idempotency_key,
                }
                .into()
            }
        ),
        (run(), number(), any::<u8>(), bytes()).prop_map(|(run, event, part, bytes)| {
            let key = PayloadKey { run, event: EventNumber(event), part };
            PayloadRow { key, bytes }.into()
        }),
        (run(), text(), number(), number(), number()).prop_map(
            |(run, lane, head, cursor, bytes)| {
                let (head, cursor) = (MessageOffset(head), MessageOffset(cursor));
                LaneRow { key: LaneKey { run, lane }, head, cursor, bytes }.into()
            }
        ),
        (run(), text(), number(), text(), bytes(), time()).prop_map(
            |(run, lane, offset, id, payload, received)| {
                let key = MessageKey { run, lane, offset: MessageOffset(offset) };
                MessageRow { key, id, payload: Payload::trusted(payload), received }.into()
            }
        ),
        (run(), any::<u32>(), bytes()).prop_map(|(run, chunk, bytes)| {
            SnapshotRow { key: SnapshotKey { run, chunk }, bytes }.into()
        }),
        (task(), any::<u32>(), text(), time()).prop_map(|(task, number, text, created)| {
            TaskLogRow { key: TaskLogKey { task, number }, text, created }.into()
        }),
    ]
    .boxed()
}

fn of_shards() -> BoxedStrategy<Row> {
    prop_oneof![
        (shard(), text(), ready(), number()).prop_map(|(shard, queue, ready, epoch)| {
            QueueRow { key: QueueKey { shard, queue, ready }, run_epoch: RunEpoch(epoch) }.into()
        }),
        (shard(), run(), time(), number()).prop_map(|(shard, run, due, epoch)| {
            DeadlineRow { key: DeadlineKey { shard, run }, due, run_epoch: RunEpoch(epoch) }.into()
        }),
        (shard(), shard(), number(), bytes()).prop_map(|(source, target, number, command)| {
            OutboxRow { key: OutboxKey { source, target, number }, command }.into()
        }),
        (shard(), hash(), bytes()).prop_map(|(shard, hash, json)| ResolvedRow {
            key: ResolvedKey { shard, hash },
            json
        }
        .into()),
        (shard(), number()).prop_map(|(shard, epoch)| {
            ShardRow { key: ShardRowKey { shard }, epoch: ShardEpoch(epoch) }.into()
        }),
        (shard(), time(), run(), text(), prop::option::of(text())).prop_map(
            |(shard, at, run, name, key)| {
                let kind = key.map_or(EndedKind::Run, EndedKind::Key);
                let key = EndedKey { shard, at, run };
                EndedRow { key, name, status: RunStatus::Failed, kind }.into()
            }
        ),
        (shard(), shard(), number()).prop_map(|(target, source, last)| {
            ReceivedRow { key: ReceivedKey { target, source }, last }.into()
        }),
        (shard(), task(), text(), time()).prop_map(|(shard, task, task_type, leased)| {
            LeaseRow { key: LeaseKey { shard, task }, task_type, leased }.into()
        }),
        (shard(), time(), run(), number()).prop_map(|(shard, due, run, epoch)| {
            DueDeadlineRow { key: DueDeadlineKey { shard, due, run }, run_epoch: RunEpoch(epoch) }
                .into()
        }),
    ]
    .boxed()
}

fn of_names() -> BoxedStrategy<Row> {
    let definition = prop_oneof![
        (text(), mostly(-2i32..3, any::<i32>()))
            .prop_map(|(name, version)| DefinitionKey::Workflow { name, version }),
        text().prop_map(|name| DefinitionKey::Task { name }),
    ];
    let lookup = prop_oneof![
        (shard(), text(), run()).prop_map(|(shard, name, run)| LookupKey::Running {
            shard,
            name,
            run
        }),
        (shard(), text(), text(), run()).prop_map(|(shard, name, correlation, run)| {
            LookupKey::Correlated { shard, name, correlation, run }
        }),
    ];
    prop_oneof![
        (shard(), text(), text(), run(), time()).prop_map(|(shard, name, key, run, created)| {
            DedupRow { key: DedupKey { shard, name, key }, run, created }.into()
        }),
        (definition, bytes(), time()).prop_map(|(key, json, changed)| DefinitionRow {
            key,
            json,
            changed
        }
        .into()),
        (lookup, any::<i32>(), time(), any::<bool>()).prop_map(
            |(key, version, created, closed)| {
                LookupRow { key, version, created, closed }.into()
            }
        ),
    ]
    .boxed()
}

/// Any range; most of them hold some of the keys above.
pub fn range() -> BoxedStrategy<ScanRange> {
    prop_oneof![
        Just(ScanRange::All),
        prop::sample::select(Family::ALL.to_vec()).prop_map(ScanRange::Family),
        run().prop_map(|run| ScanRange::History { run }),
        (0u16..4).prop_map(|key| ScanRange::RunsOfKey { key: ShardKey::wrapping(key) }),
        run().prop_map(|run| ScanRange::Payloads { run }),
        run().prop_map(|run| ScanRange::Snapshot { run }),
        shard().prop_map(|shard| ScanRange::QueuesOfShard { shard }),
        (shard(), text()).prop_map(|(shard, queue)| ScanRange::Queue { shard, queue }),
        shard().prop_map(|shard| ScanRange::Deadlines { shard }),
        shard().prop_map(|shard| ScanRange::Ended { shard }),
        shard().prop_map(|source| ScanRange::OutboxOfShard { source }),
        (shard(), shard()).prop_map(|(source, target)| ScanRange::Outbox { source, target }),
        shard().prop_map(|target| ScanRange::Received { target }),
        shard().prop_map(|shard| ScanRange::Leases { shard }),
        shard().prop_map(|shard| ScanRange::DueDeadlines { shard }),
        run().prop_map(|run| ScanRange::Lanes { run }),
        run().prop_map(|run| ScanRange::MessagesOfRun { run }),
        (run(), text()).prop_map(|(run, lane)| ScanRange::Messages { run, lane }),
        shard().prop_map(|shard| ScanRange::Dedups { shard }),
        Just(ScanRange::WorkflowDefinitions),
        text().prop_map(|name| ScanRange::WorkflowVersions { name }),
        Just(ScanRange::TaskDefinitions),
        Just(ScanRange::EventHandlers),
        shard().prop_map(|shard| ScanRange::Resolved { shard }),
        run().prop_map(|run| ScanRange::TaskLogsOfRun { run }),
        task().prop_map(|task| ScanRange::TaskLogs { task }),
        shard().prop_map(|shard| ScanRange::RunningOfShard { shard }),
        (shard(), text()).prop_map(|(shard, name)| ScanRange::Running { shard, name }),
        (shard(), text(), text()).prop_map(|(shard, name, correlation)| {
            ScanRange::Correlated { shard, name, correlation }
        }),
    ]
    .boxed()
}
