//! Polls of workers, as `Engine::poll` makes them: take what is ready, lease it, else wait.

use std::collections::BTreeSet;

use fermata_runtime::queues::{PollData, WaiterId};
use fermata_types::Span;

use crate::workload::definitions;
use crate::world::World;
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
        let taken = self.process.hub.take(&queue, count);
        if taken.is_empty() {
            let served = self.process.hub.wait(&queue, WaiterId(id), false);
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
}
