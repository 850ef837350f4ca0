//! Stored commands of format 1, byte by byte: what is on its way when the program is replaced has
//! to arrive.

use bytes::Bytes;
use fermata_decider::command::ReportedStatus;
use fermata_decider::definition::DefinitionHash;
use fermata_decider::effect::{
    AskedBy, ChildEnd, FinishTask, Idempotency, StartAnswer, Strategy, TaskPlace,
};
use fermata_decider::event::Origin;
use fermata_runtime::shard::relay::{self, Internal, StartCommand};
use fermata_storage::{OutboxKey, OutboxRow};
use fermata_types::{
    Payload, RunEpoch, RunId, ShardId, ShardKey, TaskNumber, TaskStatus, Timestamp,
};

const GOLDEN: &str = include_str!("../../testdata/commands/format-1.hex");

fn run() -> RunId {
    RunId::compose(Timestamp::from_ms(1_700_000_000_000), ShardKey::wrapping(5), 77)
}

fn payload(text: &'static str) -> Payload {
    Payload::parse(Bytes::from_static(text.as_bytes())).expect("JSON")
}

fn origin() -> Origin {
    Origin {
        definition: DefinitionHash([9; 32]),
        input: payload("{\"n\":1}"),
        correlation: Some("order-1".to_owned()),
        priority: 7,
        task_to_domain: vec![("a".to_owned(), "blue".to_owned())],
        parent: None,
        created_by: Some("me".to_owned()),
        idempotency_key: Some("key".to_owned()),
        at: Timestamp::from_ms(1_700_000_000_123),
    }
}

/// One of each command, in the order of the enum.
fn samples() -> Vec<Internal> {
    let task = run().task(TaskNumber(3));
    let asked_by = AskedBy { task, epoch: RunEpoch(2) };
    let definition = DefinitionHash([9; 32]);
    let idempotency = Idempotency { key: "key".to_owned(), strategy: Strategy::FailOnRunning };
    let start = |run, idempotency, asked_by| {
        let name = "w".to_owned();
        let origin = origin();
        Internal::StartRun(Box::new(StartCommand {
            run,
            name,
            definition,
            origin,
            idempotency,
            asked_by,
        }))
    };
    let finish = |place| {
        Internal::FinishTask(Box::new(FinishTask {
            place,
            status: ReportedStatus::Failed,
            output: payload("{\"o\":1}"),
            reason: Some("no".to_owned()),
        }))
    };
    vec![
        Internal::StartChild { child: run(), definition, origin: Box::new(origin()) },
        Internal::EndChild { child: run(), reason: "enough".to_owned() },
        Internal::ChildEnded(Box::new(ChildEnd {
            child: run(),
            parent: task,
            status: TaskStatus::TimedOut,
            output: payload("{}"),
            reason: Some("late".to_owned()),
        })),
        start(Some(run()), None, None),
        start(None, Some(idempotency), Some(asked_by)),
        Internal::StartAnswered(Box::new(StartAnswer { asked_by, outcome: Ok(run()) })),
        Internal::StartAnswered(Box::new(StartAnswer { asked_by, outcome: Err("no".into()) })),
        finish(TaskPlace::Task(task)),
        finish(TaskPlace::Reference(run(), "r".to_owned())),
    ]
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

fn row(bytes: Vec<u8>) -> OutboxRow {
    let key = OutboxKey { source: ShardId(0), target: ShardId(1), number: 1 };
    OutboxRow { key, command: Bytes::from(bytes) }
}

#[test]
fn commands_are_written_as_ever() {
    let written: Vec<String> = samples()
        .iter()
        .map(|command| hex(&postcard::to_stdvec(command).expect("plain data")))
        .collect();
    let golden: Vec<&str> = GOLDEN.lines().collect();
    assert_eq!(written, golden, "a new format needs a new version and this file kept");
}

#[test]
fn commands_of_format_1_are_read() {
    let read: Vec<Internal> =
        GOLDEN.lines().map(|line| relay::decode(&row(unhex(line))).expect("format 1")).collect();
    assert_eq!(read, samples());
}

#[test]
fn damaged_commands_are_none_and_no_panic() {
    for line in GOLDEN.lines() {
        let bytes = unhex(line);
        for at in 0..bytes.len() {
            let (head, _) = bytes.split_at(at);
            assert_eq!(relay::decode(&row(head.to_vec())), None, "cut at {at}");
            let mut turned = bytes.clone();
            if let Some(byte) = turned.get_mut(at) {
                *byte ^= 0x55;
            }
            let _ = relay::decode(&row(turned));
        }
    }
}
