//! Polls of workers, as `Engine::poll` makes them: take what is ready, lease it, else wait.

use std::collections::BTreeSet;

use fermata_decider::Command;
use fermata_runtime::payloads;
use fermata_runtime::queues::reading;
use fermata_runtime::queues::{HubOutput, PollData, WaiterId};
use fermata_runtime::shard::request::{Leased, Request, Wait};
use fermata_storage::QueueKey;
use fermata_types::{RunEpoch, Span};

use crate::invariants::{inputs_resolve, limits_hold, no_lost_task};
use crate::violation::Checked;
use crate::workload::definitions;
use crate::world::World;
use crate::world::asked::{Asked, Asker};
use crate::world::network::Packet;
use crate::world::process::Poll;

/// Polls that wait at once.
const POLLS_MAX: usize = 6;
/// The longest a poll waits, in ms.
const WAIT_MAX: i64 = 2000;

impl World {
    /// Whether a worker would poll now.
    pub(crate) fn wants_poll(&self) -> bool {
        self.is_defined
            && self.process.polls.len() < POLLS_MAX
            && (self.is_faulty || !self.ready_queues().is_empty())
    }

    fn ready_queues(&self) -> Vec<String> {
        let rows = self.process.hub.rows();
        let ready = rows.into_iter().filter(|key| key.ready.due <= self.now);
        let names: BTreeSet<String> = ready.map(|key| key.queue).collect();
        names.into_iter().collect()
    }

    /// A worker polls a queue.
    pub(crate) fn poll(&mut self) {
        let ready = self.ready_queues();
        let queue = if ready.is_empty() || (self.is_faulty && self.random.chance(20)) {
            self.random.pick(definitions::QUEUES).map(|queue| (*queue).to_owned())
        } else {
            self.random.pick(&ready).cloned()
        };
        let Some(queue) = queue else { return };
        let worker = self.workers.draw(&mut self.random);
        let count = 1 + self.random.below(3);
        let id = self.process.next_poll;
        self.process.next_poll += 1;
        let until = self.now.after(Span::from_ms(self.random.ms(WAIT_MAX)));
        let (domain, task_type) = match queue.split_once(':') {
            Some((domain, name)) => (Some(domain.to_owned()), name.to_owned()),
            None => (None, queue.clone()),
        };
        let worker_name = Some(format!("w{worker}"));
        let data = PollData { task_type, domain, worker: worker_name, at: self.now };
        self.process.shared.polls.note(data);
        self.trace.note(self.step, || format!("poll {id} of w{worker} for {count} in {queue}"));
        let poll = Poll { worker, queue: queue.clone(), until, pending: 0 };
        self.process.polls.insert(id, poll);
        let taken = self.process.hub.take(&queue, count, self.now);
        if taken.is_empty() {
            let served = self.process.hub.wait(&queue, WaiterId(id), false, self.now);
            self.serve(served);
            return;
        }
        for (key, epoch) in taken {
            self.lease(WaiterId(id), key, epoch);
        }
    }

    /// A poll whose time is over leaves.
    pub(crate) fn leave(&mut self) {
        let over = |poll: &Poll| poll.until <= self.now && poll.pending == 0;
        let found = self.process.polls.iter().find(|(_, poll)| over(poll)).map(|(id, _)| *id);
        if let Some(id) = found {
            self.process.polls.remove(&id);
            self.process.hub.leave(WaiterId(id));
        }
    }

    /// A queue is read, or what was read reaches the hub: commits may fall in between.
    pub(crate) fn read_queue(&mut self) -> Checked {
        let process = &mut self.process;
        if !process.reads.is_empty() && (process.reads.len() > 1 || self.random.chance(50)) {
            let (ask, found) = process.reads.remove(0);
            self.trace.note(self.step, || format!("has read {ask:?}: {found:?}"));
            let served = process.hub.handle_read(&ask, found, self.now);
            self.serve(served);
            return Ok(());
        }
        if let Some(ask) = process.hub.poll_read() {
            let shards = u16::try_from(process.shards.len()).unwrap_or(u16::MAX);
            let found = reading::read(&*process.store, shards, &ask);
            process.reads.push((ask, found.ok()));
        }
        Ok(())
    }

    /// Rows found their waiting polls.
    pub(crate) fn serve(&mut self, served: impl IntoIterator<Item = HubOutput>) {
        for HubOutput { waiter, key, epoch } in served {
            self.lease(waiter, key, epoch);
        }
    }

    /// A poll asks for the lease of a row it was handed.
    pub(crate) fn lease(&mut self, waiter: WaiterId, key: QueueKey, epoch: RunEpoch) {
        let Some(poll) = self.process.polls.get_mut(&waiter.0) else { return };
        poll.pending += 1;
        let worker = Some(format!("w{}", poll.worker));
        self.process.in_hand.insert(key.clone());
        let shard = usize::from(key.shard.0);
        let asker = Asker::Poll(waiter.0, key.clone());
        self.post(shard, asker, Request::Lease { key, epoch, worker });
    }

    /// A lease was granted: the task goes to its worker, unless that one is gone.
    pub(crate) fn leased(&mut self, asked: Asked, leased: Leased) -> Checked {
        let Asker::Poll(poll, key) = asked.asker else { return Ok(()) };
        self.process.in_hand.remove(&key);
        let task = key.ready.age;
        no_lost_task::check(&self.shadow, task)?;
        limits_hold::delivered(&self.shadow, &leased)?;
        let name = (leased.run.id, leased.task.input);
        let input = match leased.input {
            Some(input) => Some(input),
            None => payloads::read(&*self.process.store, name).ok().flatten(),
        };
        if !self.shadow.is_gone(task) {
            inputs_resolve::check(task, input.as_ref())?;
        }
        let Some(found) = self.process.polls.get_mut(&poll) else { return Ok(()) };
        found.pending = found.pending.saturating_sub(1);
        let (worker, is_done) = (found.worker, found.pending == 0);
        if is_done {
            self.process.polls.remove(&poll);
        }
        if self.is_faulty && self.random.chance(5) {
            let command = Command::Return { task: task.number() };
            let run = task.run();
            let request = Request::Run { run, command, wait: Wait::Durable };
            self.post(usize::from(key.shard.0), Asker::Nobody, request);
        } else {
            let reference = leased.run.step_of(&leased.task).name.clone();
            self.send(Packet::Task(worker, task, reference));
        }
        Ok(())
    }

    /// A poll whose row proved stale waits again, in front.
    pub(crate) fn come_back(&mut self, id: u64) {
        let now = self.now;
        let Some(poll) = self.process.polls.get_mut(&id) else { return };
        poll.pending = poll.pending.saturating_sub(1);
        if poll.pending > 0 {
            return;
        }
        if poll.until <= now {
            self.process.polls.remove(&id);
            return;
        }
        let queue = poll.queue.clone();
        let served = self.process.hub.wait(&queue, WaiterId(id), true, now);
        self.serve(served);
    }
}
