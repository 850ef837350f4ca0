//! Stored events of format 1, byte by byte: histories written today must open for ever. A change
//! here is a new format version, with the old one still read.

use bytes::Bytes;
use fermata_decider::definition::{DefinitionHash, StepId};
use fermata_decider::event::{Closed, Event, Origin, RunOutput, Scheduled};
use fermata_decider::planned::{Names, Planned};
use fermata_runtime::codec;
use fermata_storage::{HistoryKey, HistoryRow};
use fermata_types::{
    EventNumber, Payload, RunId, RunStatus, ShardKey, Span, TaskNumber, TaskStatus, Timestamp,
};

const GOLDEN: &str = include_str!("../../testdata/events/format-1.hex");
const LOOPS: &str = include_str!("../../testdata/events/format-1-loops.hex");
const GOLDEN_OPERATORS: &str = include_str!("../../testdata/events/format-1-operators.hex");

fn run() -> RunId {
    RunId::compose(Timestamp::from_ms(1_700_000_000_000), ShardKey::wrapping(5), 77)
}

fn payload(text: &'static str) -> Payload {
    Payload::parse(Bytes::from_static(text.as_bytes())).expect("JSON")
}

/// One of each event, in the order of the enum.
fn samples() -> Vec<Event> {
    let at = Timestamp::from_ms(1_700_000_000_123);
    let task = TaskNumber(3);
    vec![
        Event::RunStarted(Box::new(Origin {
            definition: DefinitionHash([9; 32]),
            input: payload("{\"n\":1}"),
            correlation: Some("order-1".to_owned()),
            priority: 7,
            task_to_domain: vec![("a".to_owned(), "blue,NO_DOMAIN".to_owned())],
            parent: Some((run().task(TaskNumber(1)), 2)),
            created_by: Some("me".to_owned()),
            idempotency_key: Some("key".to_owned()),
            at,
        })),
        Event::TaskScheduled(Box::new(Scheduled {
            number: task,
            step: StepId(2),
            iteration: 4,
            scope: TaskNumber(1),
            retry_count: 1,
            replaces: TaskNumber(2),
            status: TaskStatus::Scheduled,
            input: payload("{}"),
            delay: Span::from_seconds(60),
            domain: Some("blue".to_owned()),
            child: Some(run()),
            wait_until: Some(at),
            reason: Some("before".to_owned()),
            at,
        })),
        Event::TaskLeased { task, worker: Some("w".to_owned()), at },
        Event::TaskProgressed {
            task,
            output: payload("{\"half\":true}"),
            reason: Some("busy".to_owned()),
            worker: None,
            callback_after: Span::from_seconds(5),
            at,
        },
        Event::LeaseExtended { task, at },
        Event::TaskClosed(Box::new(Closed {
            task,
            status: TaskStatus::FailedWithTerminalError,
            output: Some(payload("{\"x\":[1,2]}")),
            reason: Some("broken".to_owned()),
            worker: Some("w".to_owned()),
            at,
        })),
        Event::TaskForgiven { task },
        Event::TaskSettled { task },
        Event::BranchChosen { task, first: Some(StepId(6)) },
        Event::LoopAdvanced { task, iteration: 2, at },
        Event::VariablesSet { values: vec![("v".to_owned(), payload("\"text\""))] },
        Event::RunPaused { at },
        Event::RunResumed { at },
        Event::RunClosed {
            status: RunStatus::TimedOut,
            output: RunOutput::Value(payload("{\"end\":1}")),
            reason: Some("late".to_owned()),
            failed_task: Some(task),
            at,
        },
        Event::TaskReturned { task, at },
        Event::ChildStarted { task, child: run(), at },
    ]
}

/// Kinds that came after the first golden file, which stays as it is.
fn later_samples() -> Vec<Event> {
    let (at, task) = (Timestamp::from_ms(1_700_000_000_123), TaskNumber(3));
    vec![
        Event::ItemTaken { task, iteration: 2, item: payload("{\"id\":7}"), at },
        Event::IterationsDropped { task, through: 5 },
    ]
}

/// Kinds of events that came later, in the order of the enum: dynamic forks and DYNAMIC tasks.
fn operators() -> Vec<Event> {
    let task = TaskNumber(3);
    let planned = |kinds: Vec<u32>, names: Names| {
        Event::BranchesPlanned(Box::new(Planned {
            task,
            steps: vec![payload("{\"name\":\"a\"}"), payload("{\"name\":\"b\"}")],
            kinds,
            names,
            lengths: vec![2, 300],
            is_constant: true,
        }))
    };
    vec![
        planned(Vec::new(), Names::Numbered { prefix: "_a_".to_owned() }),
        planned(vec![0, 1], Names::Listed(vec!["x".to_owned(), "y".to_owned()])),
        Event::TaskResolved { task, step: payload("{\"name\":\"work\"}") },
    ]
}

#[test]
fn events_of_operators_are_written_and_read_as_ever() {
    let (row, outside) = codec::encode(run(), EventNumber(1), operators());
    assert!(outside.is_empty());
    assert_eq!(hex(&row.events), GOLDEN_OPERATORS.trim());
    let key = HistoryKey { run: run(), first: EventNumber(1) };
    let row = HistoryRow { key, count: 3, events: Bytes::from(unhex(GOLDEN_OPERATORS)) };
    let read = codec::decode(&row).expect("format 1");
    let expected: Vec<_> = operators().into_iter().map(|event| (false, event)).collect();
    assert_eq!(read, expected);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<char> = text.trim().chars().collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(&pair.iter().collect::<String>(), 16).expect("hex"))
        .collect()
}

#[test]
fn events_are_written_as_ever() {
    let (row, outside) = codec::encode(run(), EventNumber(1), samples());
    assert!(outside.is_empty());
    assert_eq!(
        hex(&row.events),
        GOLDEN.trim(),
        "a new format needs a new version and this file kept"
    );
}

#[test]
fn events_of_format_1_are_read() {
    let key = HistoryKey { run: run(), first: EventNumber(1) };
    let row = HistoryRow { key, count: 16, events: Bytes::from(unhex(GOLDEN)) };
    let read = codec::decode(&row).expect("format 1");
    let expected: Vec<(bool, Event)> = samples().into_iter().map(|event| (false, event)).collect();
    assert_eq!(read, expected);
}

#[test]
fn events_of_loops_are_written_and_read_as_ever() {
    let (row, outside) = codec::encode(run(), EventNumber(1), later_samples());
    assert!(outside.is_empty());
    assert_eq!(hex(&row.events), LOOPS.trim(), "a new format needs a new version");
    let key = HistoryKey { run: run(), first: EventNumber(1) };
    let row = HistoryRow { key, count: 2, events: Bytes::from(unhex(LOOPS)) };
    let read = codec::decode(&row).expect("format 1");
    let expected: Vec<_> = later_samples().into_iter().map(|event| (false, event)).collect();
    assert_eq!(read, expected);
}

#[test]
fn large_payloads_go_into_rows_of_their_own() {
    let text = format!("\"{}\"", "t".repeat(5000));
    let large = Payload::parse(Bytes::from(text)).expect("JSON");
    let mut events = samples();
    if let Some(place) = events.get_mut(5).and_then(Event::payload_mut) {
        *place = large.clone();
    }
    let (row, outside) = codec::encode(run(), EventNumber(10), events);
    let outside = outside.first().expect("one row");
    assert_eq!((outside.key.event, &outside.bytes), (EventNumber(15), large.bytes()));
    let read = codec::decode(&row).expect("decodes");
    assert_eq!(read.iter().map(|(is_outside, _)| *is_outside).position(|is| is), Some(5));
}

#[test]
fn damaged_rows_are_errors_not_panics() {
    let bytes = unhex(GOLDEN);
    for at in 0..bytes.len() {
        for cut in [Some(at), None] {
            let mut bytes = bytes.clone();
            match cut {
                Some(length) => bytes.truncate(length),
                None => {
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte ^= 0x55;
                    }
                }
            }
            let key = HistoryKey { run: run(), first: EventNumber(1) };
            let _ = codec::decode(&HistoryRow { key, count: 16, events: Bytes::from(bytes) });
        }
    }
}
