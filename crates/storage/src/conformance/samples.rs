//! Rows of every family, made from two numbers: where they lie and what they hold.
//!
//! Golden files were made from these; what a place and a content give is never changed.

use bytes::Bytes;
use fermata_types::{
    EventNumber, MessageOffset, Payload, RunEpoch, RunId, RunStatus, ShardEpoch, ShardId, ShardKey,
    TaskId, TaskNumber, Timestamp,
};

use crate::rows::{
    DeadlineKey, DeadlineRow, DedupKey, DedupRow, DefinitionHash, DefinitionKey, DefinitionRow,
    DueDeadlineKey, DueDeadlineRow, EndedKey, EndedKind, EndedRow, Family, HistoryKey, HistoryRow,
    LaneKey, LaneRow, LeaseKey, LeaseRow, LookupKey, LookupRow, MessageKey, MessageRow, OutboxKey,
    OutboxRow, PayloadKey, PayloadRow, QueueKey, QueueRow, Ready, ReceivedKey, ReceivedRow,
    ResolvedKey, ResolvedRow, Row, RowKey, RunKey, RunRow, ScanRange, ShardRow, ShardRowKey,
    SnapshotKey, SnapshotRow, TaskLogKey, TaskLogRow,
};

/// Names that are easily sorted wrongly: empty, prefixes of each other, with zeros, beyond ASCII.
const NAMES: [&str; 8] = ["", "a", "a\0", "a\0b", "a\u{1}", "ab", "b", "zoë ∞"];
const STATUSES: [RunStatus; 6] = [
    RunStatus::Running,
    RunStatus::Paused,
    RunStatus::Completed,
    RunStatus::Failed,
    RunStatus::TimedOut,
    RunStatus::Terminated,
];

/// Rows of every family in several places, no key twice, in no order.
#[must_use]
pub fn samples() -> Vec<Row> {
    (0..24)
        .flat_map(|place| Family::ALL.map(|family| sample_row(family, place, place + 1)))
        .collect()
}

/// A row of a family. The key depends on `place` alone and differs for places below 24; the
/// other fields depend on `content`.
#[must_use]
pub fn sample_row(family: Family, place: u64, content: u64) -> Row {
    match family {
        Family::History => history(place, content).into(),
        Family::Run => run_row(place, content).into(),
        Family::Payload => payload(place, content).into(),
        Family::Queue => queue(place, content).into(),
        Family::Deadline => DeadlineRow {
            key: DeadlineKey { shard: shard(place), run: run(place) },
            due: time(content),
            run_epoch: RunEpoch(content),
        }
        .into(),
        Family::Outbox => OutboxRow {
            key: OutboxKey { source: shard(place), target: shard(place / 2), number: place },
            command: bytes(content),
        }
        .into(),
        Family::Lane => lane(place, content).into(),
        Family::Message => message(place, content).into(),
        Family::Dedup => DedupRow {
            key: DedupKey { shard: shard(place / 8), name: name(place), key: name(place / 3) },
            run: run(content),
            created: time(content),
        }
        .into(),
        Family::Definition => definition(place, content).into(),
        Family::Resolved => ResolvedRow {
            key: ResolvedKey { shard: shard(place), hash: hash(place) },
            json: bytes(content),
        }
        .into(),
        Family::TaskLog => TaskLogRow {
            key: TaskLogKey { task: task(place / 2), number: number(place) },
            text: name(content),
            created: time(content),
        }
        .into(),
        Family::Lookup => lookup(place, content).into(),
        Family::Shard => ShardRow {
            key: ShardRowKey { shard: ShardId(number(place) as u16 + 100) },
            epoch: ShardEpoch(content),
        }
        .into(),
        Family::Snapshot => SnapshotRow {
            key: SnapshotKey { run: run(place / 3), chunk: number(place % 3) },
            bytes: bytes(content),
        }
        .into(),
        Family::Received => ReceivedRow {
            key: ReceivedKey { target: shard(place), source: ShardId(number(place / 3) as u16) },
            last: content,
        }
        .into(),
        Family::Ended => ended(place, content).into(),
        Family::Lease => LeaseRow {
            key: LeaseKey { shard: shard(place / 5), task: task(place) },
            task_type: name(content),
            leased: time(content),
        }
        .into(),
        Family::DueDeadline => DueDeadlineRow {
            key: DueDeadlineKey { shard: shard(place / 5), due: time(place / 2), run: run(place) },
            run_epoch: RunEpoch(content),
        }
        .into(),
    }
}

fn history(place: u64, content: u64) -> HistoryRow {
    HistoryRow {
        key: HistoryKey { run: run(place / 3), first: EventNumber(1 + place * 100) },
        count: number(content),
        events: bytes(content),
    }
}

fn run_row(place: u64, content: u64) -> RunRow {
    RunRow {
        key: RunKey { run: run(place) },
        status: *pick(&STATUSES, content),
        definition: hash(content),
        name: name(content),
        version: signed(content),
        correlation: content.is_multiple_of(2).then(|| name(content / 2)),
        created: time(content),
        closed: content.is_multiple_of(3).then(|| time(content + 1)),
        parent: content.is_multiple_of(5).then(|| task(content)),
        last: EventNumber(content),
        idempotency_key: content.is_multiple_of(7).then(|| name(content)),
    }
}

fn ended(place: u64, content: u64) -> EndedRow {
    EndedRow {
        key: EndedKey { shard: shard(place), at: time(place / 2), run: run(place) },
        name: name(content),
        status: *pick(&STATUSES, content),
        kind: match content % 3 {
            0 => EndedKind::Key(name(content / 3)),
            1 => EndedKind::Orphan,
            _ => EndedKind::Run,
        },
    }
}

fn lane(place: u64, content: u64) -> LaneRow {
    LaneRow {
        key: LaneKey { run: run(place / 3), lane: name(place) },
        head: MessageOffset(content),
        cursor: MessageOffset(content / 2),
        bytes: content * 10,
    }
}

fn payload(place: u64, content: u64) -> PayloadRow {
    let event = EventNumber(place / 2);
    let key = PayloadKey { run: run(place / 4), event, part: number(place % 2) as u8 };
    PayloadRow { key, bytes: bytes(content) }
}

fn queue(place: u64, content: u64) -> QueueRow {
    let ready = Ready { priority: (place % 3) as u8 * 49, due: time(place / 6), age: task(place) };
    let key = QueueKey { shard: shard(place / 12), queue: name(place / 2), ready };
    QueueRow { key, run_epoch: RunEpoch(content) }
}

fn message(place: u64, content: u64) -> MessageRow {
    let offset = MessageOffset(1 + place);
    MessageRow {
        key: MessageKey { run: run(place / 6), lane: name(place / 2), offset },
        id: name(content),
        payload: Payload::trusted(Bytes::from(format!("{{\"n\":{content}}}"))),
        received: time(content),
    }
}

fn definition(place: u64, content: u64) -> DefinitionRow {
    let key = if place.is_multiple_of(3) {
        DefinitionKey::Task { name: name(place / 3) }
    } else {
        DefinitionKey::Workflow { name: name(place / 6), version: signed(place) }
    };
    DefinitionRow { key, json: bytes(content), changed: time(content) }
}

fn lookup(place: u64, content: u64) -> LookupRow {
    let (shard, name, run) = (shard(place / 12), name(place / 4), run(place));
    let key = if place.is_multiple_of(2) {
        LookupKey::Running { shard, name, run }
    } else {
        LookupKey::Correlated { shard, name, correlation: self::name(place / 3), run }
    };
    LookupRow {
        key,
        version: signed(content),
        created: time(content),
        closed: content.is_multiple_of(2),
    }
}

fn run(number: u64) -> RunId {
    // Neither the shard key nor the salt grows with the time, so that every part is seen to sort.
    let key = ShardKey::wrapping((number * 7 % 4) as u16 * 1000);
    RunId::compose(time(1_000 + number / 4), key, self::number(number * 5 % 16))
}

fn task(number: u64) -> TaskId {
    run(number).task(TaskNumber(1 + self::number(number * 3 % 5)))
}

fn time(number: u64) -> Timestamp {
    Timestamp::from_ms(i64::from(self::number(number)) * 1_000_000_007)
}

fn hash(number: u64) -> DefinitionHash {
    let mut hash = [0; 32];
    for (at, byte) in hash.iter_mut().enumerate() {
        *byte = (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (at % 8 * 8)) as u8;
    }
    DefinitionHash(hash)
}

fn shard(number: u64) -> ShardId {
    ShardId((number % 3) as u16 * 255)
}

fn name(number: u64) -> String {
    let round = number / NAMES.len() as u64;
    let suffix = if round == 0 { String::new() } else { round.to_string() };
    format!("{}{suffix}", pick(&NAMES, number))
}

fn bytes(number: u64) -> Bytes {
    let length = (number * 37 % 700) as usize;
    Bytes::from(format!("{{\"n\":{number}}}").into_bytes().repeat(1 + length / 8))
}

fn signed(number: u64) -> i32 {
    i32::try_from(number % 1000).unwrap_or_default() - 7
}

fn number(number: u64) -> u32 {
    u32::try_from(number % (1 << 20)).unwrap_or_default()
}

fn pick<T>(from: &[T], number: u64) -> &T {
    from.get(number as usize % from.len()).expect("a remainder is below the length")
}

/// The ranges a key lies in, but for [`ScanRange::All`].
pub(super) fn ranges_of(key: &RowKey) -> Vec<ScanRange> {
    let mut ranges = match key.clone() {
        RowKey::History(key) => vec![ScanRange::History { run: key.run }],
        RowKey::Run(key) => vec![ScanRange::RunsOfKey { key: key.run.key() }],
        RowKey::Payload(key) => vec![ScanRange::Payloads { run: key.run }],
        RowKey::Queue(QueueKey { shard, queue, .. }) => {
            vec![ScanRange::QueuesOfShard { shard }, ScanRange::Queue { shard, queue }]
        }
        RowKey::Deadline(key) => vec![ScanRange::Deadlines { shard: key.shard }],
        RowKey::Outbox(OutboxKey { source, target, .. }) => {
            vec![ScanRange::OutboxOfShard { source }, ScanRange::Outbox { source, target }]
        }
        RowKey::Lane(key) => vec![ScanRange::Lanes { run: key.run }],
        RowKey::Message(MessageKey { run, lane, .. }) => {
            vec![ScanRange::MessagesOfRun { run }, ScanRange::Messages { run, lane }]
        }
        RowKey::Dedup(key) => vec![ScanRange::Dedups { shard: key.shard }],
        RowKey::Definition(DefinitionKey::Workflow { name, .. }) => {
            vec![ScanRange::WorkflowDefinitions, ScanRange::WorkflowVersions { name }]
        }
        RowKey::Definition(DefinitionKey::Task { .. }) => vec![ScanRange::TaskDefinitions],
        RowKey::Definition(DefinitionKey::Handler { .. }) => vec![ScanRange::EventHandlers],
        RowKey::Resolved(key) => vec![ScanRange::Resolved { shard: key.shard }],
        RowKey::TaskLog(TaskLogKey { task, .. }) => {
            vec![ScanRange::TaskLogsOfRun { run: task.run() }, ScanRange::TaskLogs { task }]
        }
        RowKey::Lookup(LookupKey::Running { shard, name, .. }) => {
            vec![ScanRange::RunningOfShard { shard }, ScanRange::Running { shard, name }]
        }
        RowKey::Lookup(LookupKey::Correlated { shard, name, correlation, .. }) => {
            vec![ScanRange::Correlated { shard, name, correlation }]
        }
        RowKey::Snapshot(key) => vec![ScanRange::Snapshot { run: key.run }],
        RowKey::Shard(_) => Vec::new(),
        RowKey::Received(key) => vec![ScanRange::Received { target: key.target }],
        RowKey::Ended(key) => vec![ScanRange::Ended { shard: key.shard }],
        RowKey::Lease(key) => vec![ScanRange::Leases { shard: key.shard }],
        RowKey::DueDeadline(key) => vec![ScanRange::DueDeadlines { shard: key.shard }],
    };
    ranges.push(ScanRange::Family(key.family()));
    ranges
}
