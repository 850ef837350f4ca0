//! Clients: starts, signals, messages, pauses, reads, repeated when no answer comes.

use fermata_decider::Command;
use fermata_decider::command::{ReferenceUpdate, ReportedStatus};
use fermata_decider::definition::{DefinitionHash, Kind, Workflow};
use fermata_decider::event::Origin;
use fermata_runtime::shard::request::{Idempotency, Request, Start, Strategy, Wait};
use fermata_types::{Payload, RunId, RunStatus, ShardKey, Span, Timestamp};
use serde_json::json;

use crate::invariants::one_run_per_key::REUSABLE;
use crate::workload::definitions;
use crate::workload::op::{Op, OpId, What};
use crate::world::World;
use crate::world::network::Packet;

/// How long a client waits for an answer, in ms.
const PATIENCE: i64 = 4000;
/// Keys that clients choose from, so that they meet.
const KEYS: usize = 4;

impl World {
    /// Sends something for the first time.
    pub(crate) fn ask(&mut self, shard: usize, request: Request, what: What, retries: u8) {
        self.next_op += 1;
        let id = OpId(self.next_op);
        let may_double = !matches!(what, What::Message { .. } | What::Define | What::Watch);
        let again = self.now.after(Span::from_ms(PATIENCE));
        self.trace.note(self.step, || format!("{id:?} asks {what:?}"));
        self.ops.insert(id, Op { what, shard, request, retries, again, sent: 0, may_double });
        self.send(Packet::Ask(id));
    }

    /// Sends a command to a run.
    pub(crate) fn command(&mut self, run: RunId, command: Command, what: What, wait: Wait) {
        let retries = match &what {
            What::Close { .. } | What::ByReference { .. } => 5,
            What::Message { .. } | What::Watch => 0,
            _ => 2,
        };
        let shard = self.shard_of(run.key());
        self.ask(shard, Request::Run { run, command, wait }, what, retries);
    }

    pub(crate) fn shard_of(&self, key: ShardKey) -> usize {
        usize::from(key.get() % self.config.shards)
    }

    /// Someone who heard nothing asks again, or gives up.
    pub(crate) fn retry(&mut self) {
        let now = self.now;
        let Some((id, op)) = self.ops.iter_mut().find(|(_, op)| op.again <= now) else { return };
        let id = *id;
        if op.retries == 0 {
            self.ops.remove(&id);
            return;
        }
        op.retries -= 1;
        op.again = now.after(Span::from_ms(PATIENCE));
        self.send(Packet::Ask(id));
    }

    /// The definitions are registered, before anything else.
    pub(crate) fn define(&mut self) {
        let request = Request::Define { puts: definitions::all(), deletes: Vec::new() };
        self.ask(0, request, What::Define, u8::MAX);
    }

    /// A client asks something: a start while there are some left, else of a run that is there.
    pub(crate) fn ask_something(&mut self) {
        if self.starts_left > 0 && self.random.chance(40) {
            self.starts_left -= 1;
            self.start();
            return;
        }
        let runs: Vec<RunId> = self.shadow.runs.keys().copied().collect();
        let Some(run) = self.random.pick(&runs).copied() else { return };
        match self.random.below(100) {
            0..=24 => self.help(run),
            25..=34 => self.message(run),
            35..=44 => {
                let command = if self.random.chance(50) { Command::Pause } else { Command::Resume };
                self.command(run, command, What::Hold(run), Wait::Durable);
            }
            45..=50 => {
                let reason = Some("by hand".to_owned());
                let triggers_failure_workflow = self.random.chance(30);
                let command = Command::Terminate { reason, triggers_failure_workflow };
                self.end_by_hand(run);
                self.command(run, command, What::Terminate(run), Wait::Durable);
            }
            51..=54 => self.delete(run),
            55..=84 => {
                let shard = self.shard_of(run.key());
                self.ask(shard, Request::Read(run), What::Read, 1);
            }
            85..=90 => {
                let shard = self.shard_of(run.key());
                let references = vec!["a".to_owned(), "end".to_owned()];
                self.ask(shard, Request::Watch { run, references }, What::Watch, 0);
            }
            _ => self.signal(run),
        }
    }

    /// Only roots are deleted: who deletes a child leaves its parent waiting.
    fn delete(&mut self, run: RunId) {
        let is_root = self.shadow.runs.get(&run).is_some_and(|run| run.parent.is_none());
        if is_root {
            self.end_by_hand(run);
            let shard = self.shard_of(run.key());
            self.ask(shard, Request::Delete(run), What::Delete(run), 2);
        }
    }

    /// A run that is ended, and those above it, need not end well.
    fn end_by_hand(&mut self, run: RunId) {
        let mut next = Some(run);
        while let Some(run) = next {
            self.ledger.ended_by_hand.insert(run);
            let found = self.shadow.runs.get(&run);
            next = found.and_then(|run| run.parent).map(|task| task.run());
        }
    }

    fn start(&mut self) {
        let mut draw = self.random.below(100);
        let mut name = "sequence";
        for (candidate, weight) in definitions::STARTED {
            match draw.checked_sub(*weight) {
                Some(rest) => draw = rest,
                None => {
                    name = candidate;
                    break;
                }
            }
        }
        let Ok(definition) = self.process.shared.metadata.named(name, None) else { return };
        let key = self.random.chance(30).then(|| {
            let kind = if self.random.chance(30) { REUSABLE } else { "once-" };
            format!("{kind}{}", self.random.below(KEYS))
        });
        let shard_key = match &key {
            Some(key) => key_of(name, key),
            None => ShardKey::wrapping(u16::try_from(self.random.below(4096)).unwrap_or(0)),
        };
        let idempotency = key.clone().map(|key| {
            let strategy = if key.starts_with(REUSABLE) {
                Strategy::FailOnRunning
            } else if self.random.chance(70) {
                Strategy::ReturnExisting
            } else {
                Strategy::Fail
            };
            Idempotency { key, strategy }
        });
        let origin = self.origin(&definition, key.clone());
        let start = Start { definition, origin, shard_key, idempotency };
        let copies = if key.is_some() && self.random.chance(40) { 2 } else { 1 };
        let retries = if key.is_some() { 6 } else { 0 };
        let shard = self.shard_of(shard_key);
        for _ in 0..copies {
            let mark = self.tag();
            let mut start = start.clone();
            start.origin.created_by = Some(mark.clone());
            let request = Request::Start(Box::new(start));
            self.ask(shard, request, What::Start { key: key.clone(), mark }, retries);
        }
    }

    fn origin(&mut self, definition: &Workflow, key: Option<String>) -> Origin {
        let turns = match self.random.below(100) {
            0..=49 => 20,
            50..=89 => 130,
            _ => 2800,
        };
        let mut input = json!({ "n": self.random.below(5), "turns": turns });
        if let (true, Some(map)) = (self.random.chance(15), input.as_object_mut()) {
            map.insert("large".to_owned(), serde_json::Value::from("x".repeat(5000)));
        }
        let east = self.random.chance(15).then(|| ("sure".to_owned(), "east,NO_DOMAIN".to_owned()));
        Origin {
            definition: DefinitionHash(definition.hash.0),
            input: Payload::from_value(&input),
            correlation: self.random.chance(50).then(|| "together".to_owned()),
            priority: u8::try_from(self.random.below(3)).unwrap_or(0),
            task_to_domain: east.into_iter().collect(),
            parent: None,
            created_by: None,
            idempotency_key: key,
            at: Timestamp::ZERO,
        }
    }

    /// Someone completes an open WAIT or HUMAN task of a run by its reference.
    pub(crate) fn help(&mut self, id: RunId) {
        let Some(run) = self.shadow.runs.get(&id) else { return };
        let open = run.tasks.iter().find(|task| {
            !task.status.is_terminal()
                && task.wait_until().is_none()
                && matches!(run.step_of(task).kind, Kind::Wait | Kind::Human)
        });
        let Some(task) = open else { return };
        let reference = Some(run.reference_of(task));
        let update = self.by_reference(reference);
        let tag = update.1;
        let what = What::ByReference { run: id, tag };
        self.command(id, Command::UpdateByReference(Box::new(update.0)), what, Wait::Quiet);
    }

    fn by_reference(&mut self, reference: Option<String>) -> (ReferenceUpdate, String) {
        let tag = self.tag();
        let update = ReferenceUpdate {
            reference,
            status: ReportedStatus::Completed,
            output: Payload::from_value(&json!({ "tag": tag })),
            worker: None,
        };
        (update, tag)
    }

    fn signal(&mut self, run: RunId) {
        let (update, _) = self.by_reference(None);
        let shard = self.shard_of(run.key());
        self.ask(shard, Request::Signal { run, update }, What::Read, 1);
    }

    /// Someone sends a message to a run that may take it.
    pub(crate) fn message(&mut self, id: RunId) {
        let run = self.shadow.runs.get(&id);
        let takes = run.is_some_and(|run| {
            run.status == RunStatus::Running && run.definition.key.name == "messages"
        });
        if takes || (self.is_faulty && self.random.chance(5)) {
            let name = self.tag();
            let large = if self.random.chance(10) { 5000 } else { 1 };
            let payload = Payload::from_value(&json!({ "text": "m".repeat(large) }));
            let command = Command::SendMessage { id: name.clone(), payload };
            let what = What::Message { run: id, id: name };
            self.command(id, command, what, Wait::Quiet);
        }
    }
}

/// The shard key of an idempotency key: any function of both will do.
fn key_of(name: &str, key: &str) -> ShardKey {
    let hash = DefinitionHash::of(format!("{name}\0{key}").as_bytes()).0;
    let [first, second, ..] = hash;
    ShardKey::wrapping(u16::from_be_bytes([first, second]))
}
