//! A small in-memory driver around decide, apply and advance, for a run and its whole tree: it
//! answers what decisions lack, carries effects between runs, moves the clock, and writes down
//! what happened as text.
//!
//! Payloads of former turns are cold: reading one takes a `Needs` round, as it does after a load.

mod act;
mod catalog;
mod drive;
mod invariants;
mod print;
pub mod steps;
mod view;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use fermata_decider::context::PendingMessage;
use fermata_decider::definition::Workflow;
use fermata_decider::needs::{Evaluated, EvaluationKey};
use fermata_decider::run::{Run, Stored};
use fermata_decider::{Effect, Event};
use fermata_types::{EventNumber, Payload, PayloadLimits, RunId, TaskNumber, Timestamp};
use serde_json::{Value, json};

pub use catalog::Catalog;
pub use invariants::{folds_again, names_what_it_waits_for};

/// When every scenario begins.
pub const BEGIN: i64 = 1_700_000_000_000;

/// Answers a script: source and `$`.
pub type Scripts = fn(&str, &Value) -> Evaluated;

/// One run with what a store would keep for it.
#[derive(Clone)]
pub struct Driven {
    pub run: Run,
    /// Every event with the first event number of its history row.
    pub events: Vec<(EventNumber, Event)>,
    payloads: BTreeMap<Stored, Payload>,
    hot: BTreeSet<Stored>,
    results: BTreeMap<EvaluationKey, Evaluated>,
    messages: BTreeMap<u64, PendingMessage>,
    /// Queue places by task: name and ready time.
    pub queued: BTreeMap<TaskNumber, (String, Timestamp)>,
    /// Log lines in order.
    pub logs: Vec<(TaskNumber, String)>,
}

impl Driven {
    /// A payload that an event of the run brought.
    pub fn payload(&self, at: Stored) -> Payload {
        self.payloads.get(&at).cloned().expect("an event brought it")
    }
}

/// The driver. A clone is another world with the same past.
#[derive(Clone)]
pub struct Bench {
    now: Timestamp,
    /// The root first, then children in the order they were started.
    pub runs: Vec<Driven>,
    catalog: Catalog,
    root: Arc<Workflow>,
    scripts: Scripts,
    polled: BTreeSet<(String, String)>,
    minted: std::cell::Cell<u32>,
    carried: VecDeque<Carried>,
    /// Steps one command may make before the bench gives up.
    step_limit: usize,
    is_silent: bool,
    is_strict: bool,
    /// Scripts are under way and give no results yet.
    is_held: bool,
    text: String,
    limits: PayloadLimits,
    priority: u8,
    task_to_domain: Vec<(String, String)>,
    depth: u32,
}

/// An effect on its way to another run.
#[derive(Clone)]
enum Carried {
    Start { child: RunId, definition: Arc<Workflow>, origin: Box<fermata_decider::event::Origin> },
    End { child: RunId, reason: String },
    Notify(Box<fermata_decider::effect::ChildEnd>),
}

fn no_scripts(source: &str, _: &Value) -> Evaluated {
    Evaluated::Failed(format!("no engine here for `{source}`"))
}

/// A run of these tasks, nothing registered.
pub fn given(tasks: Value) -> Bench {
    Bench::new(json!({ "name": "w", "version": 1, "tasks": tasks }), Catalog::default())
}

/// A run of this definition, with these task definitions and workflows registered.
pub fn given_with(definition: Value, catalog: Catalog) -> Bench {
    Bench::new(definition, catalog)
}

/// A run of a definition that is compiled already.
pub fn given_compiled(root: Arc<Workflow>, catalog: Catalog) -> Bench {
    Bench::of(root, catalog)
}

impl Bench {
    fn new(definition: Value, catalog: Catalog) -> Self {
        let root = catalog.compile(definition).expect("the scenario's definition compiles");
        Self::of(Arc::new(root), catalog)
    }

    fn of(root: Arc<Workflow>, catalog: Catalog) -> Self {
        Self {
            now: Timestamp::from_ms(BEGIN),
            runs: Vec::new(),
            catalog,
            root,
            scripts: no_scripts,
            polled: BTreeSet::new(),
            minted: std::cell::Cell::new(0),
            carried: VecDeque::new(),
            step_limit: 20_000,
            is_silent: false,
            is_strict: true,
            is_held: false,
            text: String::new(),
            limits: PayloadLimits::default(),
            priority: 0,
            task_to_domain: Vec::new(),
            depth: 0,
        }
    }

    /// Scripts are answered by this.
    pub fn scripts(mut self, scripts: Scripts) -> Self {
        self.scripts = scripts;
        self
    }

    /// Scripts are under way until [`Self::scripts_end`].
    pub const fn hold_scripts(mut self) -> Self {
        self.is_held = true;
        self
    }

    /// A worker polled that type in that domain just now.
    pub fn polled(mut self, task_type: &str, domain: &str) -> Self {
        self.polled.insert((task_type.to_owned(), domain.to_owned()));
        self
    }

    /// Payloads may be no larger than this.
    pub const fn limits(mut self, limits: PayloadLimits) -> Self {
        self.limits = limits;
        self
    }

    /// The start names this priority.
    pub const fn priority(mut self, priority: u8) -> Self {
        self.priority = priority;
        self
    }

    /// The start maps task types to domains.
    pub fn domains(mut self, pairs: &[(&str, &str)]) -> Self {
        self.task_to_domain =
            pairs.iter().map(|(name, list)| ((*name).to_owned(), (*list).to_owned())).collect();
        self
    }

    /// The root is taken to be that deep below its own root.
    pub const fn depth(mut self, depth: u32) -> Self {
        self.depth = depth;
        self
    }

    /// Writes nothing down.
    pub const fn silent(mut self, step_limit: usize) -> Self {
        self.is_silent = true;
        self.step_limit = step_limit;
        self
    }

    /// Leaves out the checks that cost as much as the run's whole history.
    pub const fn quick(mut self) -> Self {
        self.is_strict = false;
        self
    }

    /// The root run.
    pub fn root(&self) -> &Run {
        &self.driven(0).run
    }

    /// A run by the order of its start.
    pub fn driven(&self, index: usize) -> &Driven {
        self.runs.get(index).expect("that run was started")
    }

    fn driven_mut(&mut self, index: usize) -> &mut Driven {
        self.runs.get_mut(index).expect("that run was started")
    }

    fn index_of(&self, run: RunId) -> Option<usize> {
        self.runs.iter().position(|driven| driven.run.id == run)
    }

    fn carry(&mut self, index: usize, effect: Effect) {
        match effect {
            Effect::Enqueue(place) => {
                let before =
                    self.driven_mut(index).queued.insert(place.task, (place.queue, place.ready));
                assert!(before.is_none(), "{:?} is in a queue already", place.task);
            }
            Effect::Dequeue(place) => {
                let before = self.driven_mut(index).queued.remove(&place.task);
                assert_eq!(before, Some((place.queue, place.ready)), "not in that queue");
            }
            Effect::StartChild { child, definition, origin } => {
                self.carried.push_back(Carried::Start { child, definition, origin });
            }
            Effect::EndChild { child, reason } => {
                self.carried.push_back(Carried::End { child, reason });
            }
            Effect::NotifyParent(end) => self.carried.push_back(Carried::Notify(end)),
            Effect::AppendMessage { offset, id, payload, received } => {
                let driven = self.driven_mut(index);
                driven.run.lane.head = offset;
                let message = PendingMessage { offset, id, payload, received };
                driven.messages.insert(offset.0, message);
            }
            Effect::ConsumeMessages { from, through } => {
                let driven = self.driven_mut(index);
                for offset in from.0..=through.0 {
                    driven.messages.remove(&offset).expect("a consumed message was pending");
                }
                driven.run.lane.cursor = through;
            }
            Effect::ForgetTasks(gone) => {
                let driven = self.driven_mut(index);
                for at in gone.iter().flat_map(|task| &task.payloads) {
                    driven.payloads.remove(at).expect("a task's payloads go once");
                    driven.hot.remove(at);
                }
            }
            Effect::AppendLogs { task, lines } => {
                let lines = lines.into_iter().map(|(line, _)| (task, line));
                self.driven_mut(index).logs.extend(lines);
            }
        }
    }
}
