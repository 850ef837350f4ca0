//! A turn: a command decided, its events applied, then one step at a time until the run is quiet,
//! lacks something, or the turn is full (design 2.2 to 2.4).

use fermata_decider::needs::Needs;
use fermata_decider::run::decide::Reply;
use fermata_decider::run::{Advanced, Decision, Run};
use fermata_decider::{Command, Context, Effect, Event, Rejection, advance, apply, decide};
use fermata_storage::{RowKey, Write};
use fermata_types::{RunId, RunStatus, TaskNumber, Timestamp, limits};

use crate::metrics;
use crate::mutant::Mutant;
use crate::shard::entry::{Entry, QuietWaiter};
use crate::shard::fetched::View;
use crate::shard::machine::{Held, InternalItem, LoadRequest, Machine, Output};
use crate::shard::relay::{From, Pending};
use crate::shard::request::{Answer, Leased, Token, Updated, Wait};
use crate::shard::staging::Turn;

impl Machine {
    /// Takes a command to its run; loads the run first if it is not in memory.
    pub(super) fn command(&mut self, run: RunId, pending: Pending, now: Timestamp) {
        if self.deleted.contains_key(&run) {
            self.refuse_absent(run, &pending);
            return;
        }
        let Some(mut entry) = self.runs.remove(&run) else {
            self.park_for_load(run, pending);
            return;
        };
        entry.used = self.tick;
        self.decide_on(&mut entry, pending, now);
        self.runs.insert(run, entry);
        self.answer_quiet(run);
        self.look_at_watches(run);
    }

    fn park_for_load(&mut self, run: RunId, pending: Pending) {
        let waiting = self.loading.entry(run).or_default();
        waiting.push(pending);
        if waiting.len() == 1 && !self.reads.contains_key(&run) {
            self.outputs.push_back(Output::Load(LoadRequest::Run(run)));
        }
    }

    /// There is no such run: a request hears so, everything else is done with.
    pub(super) fn refuse_absent(&mut self, run: RunId, pending: &Pending) {
        if let Some(key) = &pending.row {
            self.remove_row(key.clone());
        }
        if let (Command::DeadlineReached { .. }, Some(due)) = (&pending.command, pending.met) {
            self.unstage_deadline(run, due);
        }
        self.not_leased(pending);
        match pending.from {
            From::Token(token, _) => {
                let barrier = self.newest();
                self.answer(barrier, token, Answer::NotFound);
            }
            From::Outbox(number) => self.consume_relayed(number),
            From::Nobody => {}
        }
    }

    pub(super) fn consume_relayed(&mut self, number: u64) {
        let write = self.relay.consumed(number, self.shard);
        if let Some(write) = write.filter(|_| !self.has(Mutant::ConsumptionNotRecorded)) {
            self.stage(write);
        }
    }

    /// Decides a command on a run in memory and makes the turn that follows.
    pub(super) fn decide_on(&mut self, entry: &mut Entry, pending: Pending, now: Timestamp) {
        if let Some(task) = lacks_log_lines(entry, &pending.command) {
            entry.parked.push(pending);
            if entry.asked.log_lines.insert(task) {
                let task = entry.run.id.task(task);
                self.outputs.push_back(Output::Load(LoadRequest::LogLines(task)));
            }
            return;
        }
        let decision =
            self.with_view(entry, now, |run, context| decide(run, &pending.command, context));
        match decision {
            Decision::Needs(needs) => {
                entry.parked.push(pending);
                self.ask(entry, needs);
            }
            Decision::Rejected(rejection) => self.rejected(entry, pending, rejection, now),
            Decision::Accepted { events, effects, reply } => {
                let before = entry.run.has_started().then_some(entry.run.status);
                self.turn(entry, events, effects, before, now);
                if let Some(due) = pending.met {
                    self.deadline_met(entry, due);
                }
                self.stage_deadline(entry, now);
                self.reply(entry, &pending, reply, now);
            }
        }
    }

    fn with_view<T>(
        &self,
        entry: &Entry,
        now: Timestamp,
        body: impl FnOnce(&fermata_decider::Run, Context<'_>) -> T,
    ) -> T {
        let view = View {
            entry,
            overlay: &self.overlay,
            shared: &self.shared,
            mint: &self.mint,
            mint_elsewhere: &self.mint_elsewhere,
            now,
        };
        body(&entry.run, Context { now, fetched: &view })
    }

    /// Applies a command's events, then advances; stages everything as one row of history.
    fn turn(
        &mut self,
        entry: &mut Entry,
        events: Vec<Event>,
        effects: Vec<Effect>,
        before: Option<RunStatus>,
        now: Timestamp,
    ) {
        entry.run.row = entry.run.last.next();
        let mut done = Done::default();
        let has_effects = !effects.is_empty();
        self.take_step(entry, &mut done, events, effects);
        loop {
            if done.is_full() {
                self.queue_continue(entry);
                break;
            }
            match self.with_view(entry, now, advance) {
                Advanced::Quiet => break,
                Advanced::Needs(needs) => {
                    self.ask(entry, needs);
                    break;
                }
                Advanced::Step(step) => {
                    self.take_step(entry, &mut done, step.events, step.effects);
                }
            }
        }
        if entry.asked.is_empty() {
            entry.results.clear();
            entry.payloads.clear();
        }
        if has_effects || !done.events.is_empty() {
            self.stage_turn(entry, Turn { events: done.events, before });
            self.look_at_snapshot(entry);
        }
    }

    fn take_step(
        &mut self,
        entry: &mut Entry,
        done: &mut Done,
        events: Vec<Event>,
        effects: Vec<Effect>,
    ) {
        for event in events {
            apply(&mut entry.run, &event);
            if let Some(payload) = event.payload() {
                done.bytes += payload.len();
                let index = entry.run.last.0.saturating_sub(entry.run.row.0);
                let index = u16::try_from(index).unwrap_or(u16::MAX);
                let at = fermata_decider::run::Stored::new(entry.run.row, index);
                self.shared.payloads.put((entry.run.id, at), payload.clone());
                // Its row is staged at the turn's end: until then neither overlay nor store has it,
                // and the cache may have dropped it.
                entry.payloads.insert(at, payload.clone());
            }
            done.events.push(event);
        }
        // Before the effects: a task that goes back to its queue has no permit when it gets there.
        self.end_leases(entry);
        for effect in effects {
            entry.touched = self.building;
            self.effect(entry, effect);
        }
        done.steps += 1;
    }

    fn queue_continue(&mut self, entry: &mut Entry) {
        if !entry.continues {
            entry.continues = true;
            self.internal.push_back(InternalItem::Continue(entry.run.id));
        }
    }

    /// Asks for what a decision lacks and nobody has asked for yet.
    fn ask(&mut self, entry: &mut Entry, needs: Needs) {
        let fresh = entry.ask(needs);
        let run = entry.run.id;
        for request in fresh.evaluations {
            metrics::count(&self.shared.metrics.evaluations);
            self.outputs.push_back(Output::Evaluate(run, request));
        }
        for stored in fresh.payloads {
            self.outputs.push_back(Output::Load(LoadRequest::Payload(run, stored)));
        }
        if let Some((after, count)) = fresh.messages {
            self.outputs.push_back(Output::Load(LoadRequest::Messages(run, after, count)));
        }
    }

    fn rejected(
        &mut self,
        entry: &mut Entry,
        pending: Pending,
        rejection: Rejection,
        now: Timestamp,
    ) {
        if let (Rejection::NoBlockedTask(_), Some((root, others))) = (&rejection, &pending.signal) {
            let mut next: Vec<RunId> = entry.run.children.values().copied().collect();
            next.extend(others.iter().copied());
            if let Some((first, rest)) = next.split_first() {
                let signal = Some((*root, rest.to_vec()));
                // Whatever comes of it also says that this run has no open WAIT.
                let barrier = pending.barrier.max(entry.touched);
                let onward = Pending { signal, barrier, ..pending };
                self.command(*first, onward, now);
                return;
            }
        }
        if rejection == Rejection::Stale {
            if self.leases_stale_row(entry, &pending, now) {
                return;
            }
            self.drop_stale(entry, &pending, now);
        }
        self.not_leased(&pending);
        match pending.from {
            From::Token(token, _) => {
                let answer = Answer::Refused(match (rejection, &pending.signal) {
                    (Rejection::NoBlockedTask(_), Some((root, _))) => {
                        Rejection::NoBlockedTask(root.to_string())
                    }
                    (other, _) => other,
                });
                let is_early = self.has(Mutant::EarlyRejection);
                let touched = if is_early { self.durable } else { entry.touched };
                let barrier = pending.barrier.max(touched);
                self.answer(barrier, token, answer);
            }
            From::Outbox(number) => self.consume_relayed(number),
            From::Nobody => {}
        }
    }

    /// A mutant gives a stale row to the worker all the same.
    fn leases_stale_row(&mut self, entry: &mut Entry, pending: &Pending, now: Timestamp) -> bool {
        let (Command::Lease { task, worker, .. }, From::Token(token, _)) =
            (&pending.command, pending.from)
        else {
            return false;
        };
        if !self.has(Mutant::StaleLeaseAccepted) || entry.run.task(*task).is_none() {
            return false;
        }
        let event = Event::TaskLeased { task: *task, worker: worker.clone(), at: now };
        let before = Some(entry.run.status);
        self.turn(entry, vec![event], Vec::new(), before, now);
        self.leased(entry, token, *task, now);
        true
    }

    /// A stale deadline row is written anew for the present epoch, or removed; so is the queue row
    /// that a stale lease came from.
    fn drop_stale(&mut self, entry: &mut Entry, pending: &Pending, now: Timestamp) {
        if let Some(due) = pending.met {
            self.deadline_met(entry, due);
            self.stage_deadline(entry, now);
        }
        let Some(key) = &pending.row else { return };
        let task = entry.run.task(key.ready.age.number());
        let is_live = task.is_some_and(|task| task.queued() == Some(key.ready.due));
        if !is_live || entry.run.status.is_terminal() {
            entry.touched = self.building;
            self.remove_row(key.clone());
        }
    }

    /// Removes a queue row that nothing stands behind.
    fn remove_row(&mut self, key: fermata_storage::QueueKey) {
        self.stage(Write::Delete(RowKey::Queue(key.clone())));
        self.hold(self.building, Held::Output(Output::Dequeued(key)));
    }

    fn reply(&mut self, entry: &mut Entry, pending: &Pending, reply: Reply, now: Timestamp) {
        let (token, wait) = match pending.from {
            From::Token(token, wait) => (token, wait),
            From::Outbox(number) => {
                self.consume_relayed(number);
                return;
            }
            From::Nobody => return,
        };
        if let Reply::Leased(number) = reply {
            self.leased(entry, token, number, now);
            return;
        }
        let is_unchanged = matches!(reply, Reply::Unchanged(_));
        let answer = match &pending.command {
            Command::Start(_) => Answer::Started(entry.run.id),
            Command::Update(update) => updated(&entry.run, update.task, reply),
            _ => Answer::Granted(reply),
        };
        if wait == Wait::Quiet && !entry.run.is_quiet() {
            let until = now.after(fermata_types::Span::from_ms(limits::QUIET_WAIT_MS));
            self.late.insert((until, entry.run.id));
            let decided = pending.barrier.max(entry.touched);
            entry.quiet_waiters.push(QuietWaiter { token, answer, until, decided });
        } else {
            let is_early = is_unchanged && self.has(Mutant::EarlyUnchanged);
            let touched = if is_early { self.durable } else { entry.touched };
            let barrier = pending.barrier.max(touched);
            self.answer(barrier, token, answer);
        }
    }

    /// A lease is answered at once: a lost one only means that the task is handed out again. One
    /// of a type with limits waits until it is durable: a lost one would count for nobody.
    fn leased(&mut self, entry: &mut Entry, token: Token, number: TaskNumber, now: Timestamp) {
        metrics::count(&self.shared.metrics.tasks_leased);
        let Some(task) = entry.run.task(number) else { return };
        let input = self.shared.payloads.get(&(entry.run.id, task.input));
        let run = std::sync::Arc::new(entry.run.without_tasks(task));
        let leased = Leased { run, task: task.clone(), input };
        let answer = Answer::Leased(Box::new(leased));
        if self.stage_lease(entry.run.id.task(number), now) {
            entry.touched = self.building;
            self.answer(self.building, token, answer);
        } else {
            self.outputs.push_back(Output::Answer(token, answer));
        }
    }
}

/// The task to whose log lines a command adds, if it is not known how many there are.
fn lacks_log_lines(entry: &Entry, command: &Command) -> Option<TaskNumber> {
    let task = match command {
        Command::Update(update) if !update.logs.is_empty() => update.task,
        Command::AppendLog { task, .. } => *task,
        _ => return None,
    };
    let is_known = entry.is_new || entry.log_lines.contains_key(&task);
    (!is_known && entry.run.task(task).is_some()).then_some(task)
}

/// The answer to a worker's result: enough to hand out the next task of the same queue.
fn updated(run: &Run, number: TaskNumber, reply: Reply) -> Answer {
    let Some(task) = run.task(number) else { return Answer::Granted(reply) };
    Answer::Updated(Box::new(Updated {
        reply,
        is_closed: task.status.is_terminal(),
        task_type: run.step_of(task).task_type.clone(),
        domain: task.domain().map(str::to_owned),
    }))
}

/// What a turn has made so far.
#[derive(Default)]
struct Done {
    events: Vec<Event>,
    bytes: usize,
    steps: usize,
}

impl Done {
    /// At least one event is always made; steps without events count as well, so that no turn
    /// goes on for ever.
    fn is_full(&self) -> bool {
        self.events.len() >= limits::TURN_EVENTS_MAX
            || self.bytes >= limits::TURN_BYTES_MAX
            || self.steps >= 2 * limits::TURN_EVENTS_MAX
    }
}
