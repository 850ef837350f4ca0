//! Permits: which tasks of limited types are in workers' hands, or on their way there.
//!
//! The hub takes a permit before it hands a task out; the shard turns it into a durable lease and
//! says when the task has left its worker's hands, durably. So there are always at least as many
//! permits as durable leases, and never more than the limit.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fermata_types::{RunId, TaskId, TaskNumber, Timestamp};

use crate::queues::limits::{TaskLimits, Window};

/// Whether a task may be handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grant {
    /// Yes: it has its permit, or its type needs none.
    Yes,
    /// It is on its way to another worker, or in its hands: this row is another sight of it.
    Held,
    /// Not before a permit of that type is given back.
    Full(Arc<str>),
    /// Not before that time.
    Until(Arc<str>, Timestamp),
}

/// Permits of a type, for metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermitCount {
    /// The task type.
    pub task_type: String,
    /// Permits in use.
    pub held: usize,
    /// Its limits now.
    pub limits: TaskLimits,
}

/// All permits of the process. Its lock is held for map operations only, and no other is taken
/// under it.
#[derive(Debug, Default)]
pub struct Permits {
    inner: Mutex<Inner>,
    /// How many are held: nothing is looked up while it is 0.
    held: AtomicUsize,
    /// How many types are known: no permit is asked for while it is 0.
    known: AtomicUsize,
}

#[derive(Debug, Default)]
struct Inner {
    types: BTreeMap<Arc<str>, Type>,
    held: BTreeMap<TaskId, Held>,
}

#[derive(Debug, Default)]
struct Type {
    limits: TaskLimits,
    held: usize,
    window: Window,
}

#[derive(Debug)]
struct Held {
    task_type: Arc<str>,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// On its way to a worker: the shard has not given the lease.
    Granted,
    /// The shard has given the lease.
    Leased,
    /// The task has left its worker's hands, but that is not durable.
    Leaving,
}

impl Permits {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The limits of a type are these from now on. Tasks that were handed out while it had none
    /// are not counted.
    pub fn set(&self, task_type: &str, limits: TaskLimits) {
        let mut inner = self.lock();
        match inner.types.get_mut(task_type) {
            Some(known) if limits.is_any() || known.held > 0 => known.limits = limits,
            Some(_) => drop(inner.types.remove(task_type)),
            None if limits.is_any() => {
                let known = Type { limits, ..Type::default() };
                inner.types.insert(Arc::from(task_type), known);
            }
            None => {}
        }
        self.known.store(inner.types.len(), Ordering::Release);
    }

    /// A durable lease found at start.
    pub fn recover(&self, task_type: &str, task: TaskId, leased: Timestamp) {
        let mut inner = self.lock();
        let name: Arc<str> = match inner.types.get_key_value(task_type) {
            Some((name, _)) => name.clone(),
            None => Arc::from(task_type),
        };
        let held = Held { task_type: name.clone(), stage: Stage::Leased };
        if inner.held.insert(task, held).is_none() {
            let known = inner.types.entry(name).or_default();
            known.held += 1;
            known.window.start(leased);
            self.held.fetch_add(1, Ordering::Relaxed);
            self.known.store(inner.types.len(), Ordering::Release);
        }
    }

    /// Asks for a permit to hand out a task of a queue (`[domain:]taskType`).
    pub fn grant(&self, queue: &str, task: TaskId, now: Timestamp) -> Grant {
        if self.known.load(Ordering::Acquire) == 0 {
            return Grant::Yes;
        }
        let mut inner = self.lock();
        if inner.held.contains_key(&task) {
            return Grant::Held;
        }
        let Inner { types, held } = &mut *inner;
        let Some(name) = name_in(types, queue) else { return Grant::Yes };
        let Some(known) = types.get_mut(&name) else { return Grant::Yes };
        if !known.limits.is_any() {
            return Grant::Yes;
        }
        if known.limits.concurrent.is_some_and(|limit| known.held >= limit) {
            return Grant::Full(name);
        }
        if let Some((limit, span)) = known.limits.rate
            && let Err(until) = known.window.room(limit, span, now)
        {
            return Grant::Until(name, until);
        }
        known.held += 1;
        known.window.start(now);
        held.insert(task, Held { task_type: name, stage: Stage::Granted });
        self.held.fetch_add(1, Ordering::Relaxed);
        Grant::Yes
    }

    /// The type under whose limits a task is being leased; from now on its permit is given back
    /// when the task leaves its worker's hands. None for a task without a permit.
    pub fn lease(&self, task: TaskId) -> Option<Arc<str>> {
        if self.held.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let mut inner = self.lock();
        let held = inner.held.get_mut(&task)?;
        held.stage = Stage::Leased;
        Some(held.task_type.clone())
    }

    /// A leased task has left its worker's hands; its permit is given back once that is durable.
    pub fn leaving(&self, task: TaskId) {
        self.stage(task, Stage::Leaving);
    }

    /// A leased task has not left its worker's hands after all: its batch was refused.
    pub fn stays(&self, task: TaskId) {
        self.stage(task, Stage::Leased);
    }

    fn stage(&self, task: TaskId, stage: Stage) {
        if let Some(held) = self.lock().held.get_mut(&task) {
            held.stage = stage;
        }
    }

    /// A permit is given back; answers its type.
    pub fn release(&self, task: TaskId) -> Option<Arc<str>> {
        self.take(task, false)
    }

    /// A task was not handed out after all, so that it does not count for the rate either; a
    /// permit that has become a lease stays.
    pub fn undo(&self, task: TaskId) -> Option<Arc<str>> {
        self.take(task, true)
    }

    fn take(&self, task: TaskId, is_undone: bool) -> Option<Arc<str>> {
        if self.held.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let mut inner = self.lock();
        if is_undone && inner.held.get(&task).is_some_and(|held| held.stage != Stage::Granted) {
            return None;
        }
        let held = inner.held.remove(&task)?;
        self.held.fetch_sub(1, Ordering::Relaxed);
        if let Some(known) = inner.types.get_mut(&held.task_type) {
            known.held = known.held.saturating_sub(1);
            if held.stage == Stage::Granted {
                known.window.undo();
            }
            if known.held == 0 && !known.limits.is_any() {
                inner.types.remove(&held.task_type);
                self.known.store(inner.types.len(), Ordering::Release);
            }
        }
        Some(held.task_type)
    }

    /// Tasks of a run with a lease under limits.
    #[must_use]
    pub fn leased_of(&self, run: RunId) -> Vec<TaskId> {
        if self.held.load(Ordering::Relaxed) == 0 {
            return Vec::new();
        }
        let range = run.task(TaskNumber(0))..=run.task(TaskNumber(u32::MAX));
        let inner = self.lock();
        let held = inner.held.range(range).filter(|(_, held)| held.stage == Stage::Leased);
        held.map(|(task, _)| *task).collect()
    }

    /// Limited types with their permits, by name.
    #[must_use]
    pub fn counts(&self) -> Vec<PermitCount> {
        let inner = self.lock();
        let count = |(name, known): (&Arc<str>, &Type)| PermitCount {
            task_type: name.to_string(),
            held: known.held,
            limits: known.limits,
        };
        inner.types.iter().map(count).collect()
    }
}

/// The type of a queue, if it is known: the whole name, or what follows the domain.
fn name_in(types: &BTreeMap<Arc<str>, Type>, queue: &str) -> Option<Arc<str>> {
    if types.is_empty() {
        return None;
    }
    let known = |name: &str| types.get_key_value(name).map(|(name, _)| name.clone());
    known(queue).or_else(|| known(queue.split_once(':')?.1))
}
