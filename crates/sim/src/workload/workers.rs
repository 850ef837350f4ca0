//! Workers: they take tasks, work, report, fail, crash, come late and repeat themselves.

use fermata_decider::Command;
use fermata_decider::command::{ReportedStatus, TaskUpdate};
use fermata_runtime::shard::request::Wait;
use fermata_types::{Payload, Span, TaskId, Timestamp};
use serde_json::json;

use crate::random::Random;
use crate::workload::definitions::FEW;
use crate::workload::op::What;
use crate::world::World;

/// Workers of a world.
const WORKERS: usize = 4;
/// The longest a worker works on a task while faults happen, in ms.
const WORK_MAX: i64 = 3000;
/// Bytes of a large output: more than stays inline in an event.
const LARGE: usize = 6000;

/// A task in a worker's hands.
#[derive(Debug, Clone)]
struct Held {
    worker: usize,
    task: TaskId,
    name: String,
    /// When the worker does something about it.
    at: Timestamp,
}

/// All workers.
#[derive(Debug, Default)]
pub(crate) struct Workers {
    held: Vec<Held>,
}

impl Workers {
    /// A task arrives.
    pub(crate) fn receive(&mut self, worker: usize, task: TaskId, name: String, now: Timestamp) {
        self.held.push(Held { worker, task, name, at: now });
    }

    /// A worker's number.
    pub(crate) fn draw(&self, random: &mut Random) -> usize {
        random.below(WORKERS)
    }

    /// Whether someone has something to report.
    pub(crate) fn is_busy(&self, now: Timestamp) -> bool {
        self.held.iter().any(|held| held.at <= now)
    }

    /// When the next one has.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.held.iter().map(|held| held.at).min()
    }

    /// Some workers die together with the server.
    pub(crate) fn lose_some(&mut self, random: &mut Random) {
        if random.chance(30) {
            let lost = random.below(WORKERS);
            self.held.retain(|held| held.worker != lost);
        }
    }
}

impl World {
    /// A worker does something about a task it holds.
    pub(crate) fn work(&mut self) {
        let now = self.now;
        let due: Vec<usize> = (0..self.workers.held.len())
            .filter(|at| self.workers.held.get(*at).is_some_and(|held| held.at <= now))
            .collect();
        let Some(at) = self.random.pick(&due).copied() else { return };
        let held = self.workers.held.swap_remove(at);
        let later = now.after(Span::from_ms(self.random.ms(WORK_MAX)));
        if !self.is_faulty {
            self.close(&held, ReportedStatus::Completed);
            return;
        }
        match self.random.below(100) {
            0..=54 => self.close(&held, ReportedStatus::Completed),
            55..=63 => self.close(&held, ReportedStatus::Failed),
            64..=65 if !is_sure(&held.name) => {
                self.close(&held, ReportedStatus::FailedWithTerminalError);
            }
            66..=71 => self.progress(&held),
            72..=77 => {
                self.extend(&held);
                self.workers.held.push(Held { at: later, ..held });
            }
            78..=82 => {
                self.log(&held);
                self.workers.held.push(Held { at: later, ..held });
            }
            // It says so twice, the second time with another result.
            83..=87 => {
                self.close(&held, ReportedStatus::Completed);
                self.workers.held.push(Held { at: later, ..held });
            }
            // It dies.
            88..=92 => {}
            // It goes on working, perhaps for too long.
            _ => self.workers.held.push(Held { at: later, ..held }),
        }
    }

    fn close(&mut self, held: &Held, status: ReportedStatus) {
        let tag = self.tag();
        let mut output = json!({ "tag": tag, "worker": held.worker });
        if let (true, Some(map)) = (held.name == "big", output.as_object_mut()) {
            let large = tag.repeat(LARGE / tag.len().max(1));
            map.insert("big".to_owned(), serde_json::Value::from(large));
        }
        let logs = if self.random.chance(20) {
            vec![(format!("log {tag}"), self.now)]
        } else {
            Vec::new()
        };
        let update = TaskUpdate {
            task: held.task.number(),
            status,
            output: Payload::from_value(&output),
            reason: (status != ReportedStatus::Completed).then(|| "it failed".to_owned()),
            worker: Some(format!("w{}", held.worker)),
            callback_after: Span::ZERO,
            logs,
        };
        let what = What::Close { task: held.task, tag };
        self.command(held.task.run(), Command::Update(Box::new(update)), what, Wait::Durable);
    }

    fn progress(&mut self, held: &Held) {
        let update = TaskUpdate {
            task: held.task.number(),
            status: ReportedStatus::InProgress,
            output: Payload::from_value(&json!({ "tag": "halfway" })),
            reason: None,
            worker: Some(format!("w{}", held.worker)),
            callback_after: Span::from_seconds(self.random.ms(3)),
            logs: Vec::new(),
        };
        let command = Command::Update(Box::new(update));
        self.command(held.task.run(), command, What::Touch, Wait::Durable);
    }

    fn extend(&mut self, held: &Held) {
        let command = Command::ExtendLease { task: held.task.number() };
        self.command(held.task.run(), command, What::Touch, Wait::Durable);
    }

    fn log(&mut self, held: &Held) {
        let text = format!("line {}", self.tag());
        let command = Command::AppendLog { task: held.task.number(), line: text.clone() };
        let what = What::Log { task: held.task, text };
        self.command(held.task.run(), command, what, Wait::Durable);
    }

    /// A name that is used once in a world.
    pub(crate) fn tag(&mut self) -> String {
        self.next_op += 1;
        format!("t{}", self.next_op)
    }
}

/// Tasks that never fail for good.
fn is_sure(name: &str) -> bool {
    matches!(name, "sure" | "big" | FEW | "rated")
}
