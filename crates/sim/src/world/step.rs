//! One step: one thing of those that could happen now, drawn from the seed.

use fermata_types::{Span, Timestamp};

use crate::violation::{Checked, expect};
use crate::world::World;

/// The longest the whole world stands still, in ms.
const STALL_MAX: i64 = 15_000;

/// Something that can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Deliver,
    Take(usize),
    Load(usize),
    Script(usize),
    Snapshot(usize),
    Submit(usize),
    Commit,
    Bring,
    Tell(usize),
    Internal(usize),
    Fire(usize),
    HubTick,
    HubRead,
    Poll,
    Leave,
    Work,
    Ask,
    Retry,
    Sleep,
    Crash,
}

impl World {
    /// Makes one step. False when nothing can happen any more, now or later.
    pub(crate) fn make_step(&mut self) -> Result<bool, crate::violation::Violation> {
        self.step += 1;
        let skip = self.random.ms(2);
        self.now = Timestamp::from_ms(self.now.as_ms() + skip);
        let mut actions = Vec::with_capacity(32);
        self.of_shards(&mut actions);
        self.of_others(&mut actions);
        let is_idle = actions.is_empty();
        if !is_idle && self.is_faulty {
            actions.push((self.config.sleepiness, Action::Sleep));
            if self.config.crashes > 0 && self.is_defined {
                let total: usize = actions.iter().map(|(weight, _)| weight).sum();
                // As many of a thousand steps as the world's configuration says.
                actions.push(((total * self.config.crashes).div_ceil(2000), Action::Crash));
            }
        }
        if is_idle {
            return self.sleep();
        }
        let action = self.draw(&actions);
        self.act(action)?;
        Ok(true)
    }

    fn draw(&mut self, actions: &[(usize, Action)]) -> Action {
        let total: usize = actions.iter().map(|(weight, _)| weight).sum();
        let mut left = self.random.below(total);
        for (weight, action) in actions {
            match left.checked_sub(*weight) {
                Some(rest) => left = rest,
                None => return *action,
            }
        }
        Action::Sleep
    }

    fn of_shards(&mut self, actions: &mut Vec<(usize, Action)>) {
        let now = self.now;
        for (index, shard) in self.process.shards.iter().enumerate() {
            if !shard.mailbox.is_empty() {
                actions.push((25, Action::Take(index)));
            }
            if !shard.loads.is_empty() {
                actions.push((15, Action::Load(index)));
            }
            if !shard.scripts.is_empty() {
                actions.push((10, Action::Script(index)));
            }
            if !shard.snapshots.is_empty() {
                actions.push((10, Action::Snapshot(index)));
            }
            if shard.is_dirty {
                actions.push((10, Action::Submit(index)));
            }
            if shard.has_news() {
                actions.push((20, Action::Tell(index)));
            }
            if shard.machine.has_internal_work() {
                actions.push((15, Action::Internal(index)));
            }
            if shard.machine.poll_deadline().is_some_and(|due| due <= now) {
                actions.push((15, Action::Fire(index)));
            }
        }
    }

    fn of_others(&self, actions: &mut Vec<(usize, Action)>) {
        let now = self.now;
        if !self.process.queue.is_empty() {
            actions.push((20, Action::Commit));
        }
        if !self.process.posts.is_empty() {
            actions.push((20, Action::Bring));
        }
        if self.arriving() > 0 {
            actions.push((30, Action::Deliver));
        }
        if self.process.hub.poll_deadline().is_some_and(|due| due <= now) {
            actions.push((15, Action::HubTick));
        }
        if self.process.hub.wants_read() || !self.process.reads.is_empty() {
            actions.push((15, Action::HubRead));
        }
        if self.process.polls.values().any(|poll| poll.until <= now && poll.pending == 0) {
            actions.push((5, Action::Leave));
        }
        if self.wants_poll() {
            actions.push((15, Action::Poll));
        }
        if self.workers.is_busy(now) {
            actions.push((15, Action::Work));
        }
        if self.is_faulty && self.is_defined {
            actions.push((8, Action::Ask));
        }
        if self.ops.values().any(|op| op.again <= now) {
            actions.push((10, Action::Retry));
        }
    }

    fn act(&mut self, action: Action) -> Checked {
        match action {
            Action::Deliver => self.deliver(),
            Action::Take(shard) => self.take_request(shard),
            Action::Load(shard) => {
                self.load(shard)?;
                self.carry_out(shard)
            }
            Action::Script(shard) => self.evaluate(shard),
            Action::Snapshot(shard) => self.encode(shard),
            Action::Submit(shard) => {
                self.submit(shard);
                Ok(())
            }
            Action::Commit => self.commit(),
            Action::Bring => self.bring(),
            Action::Tell(shard) => self.tell(shard),
            Action::Internal(shard) => self.internal(shard),
            Action::Fire(shard) => self.fire(shard),
            Action::HubTick => {
                let served = self.process.hub.tick(self.now);
                self.serve(served);
                Ok(())
            }
            Action::HubRead => self.read_queue(),
            Action::Poll => {
                self.poll();
                Ok(())
            }
            Action::Leave => {
                self.leave();
                Ok(())
            }
            Action::Work => {
                self.work();
                Ok(())
            }
            Action::Ask => {
                self.ask_something();
                Ok(())
            }
            Action::Retry => {
                self.retry();
                Ok(())
            }
            Action::Sleep => self.sleep().map(|_| ()),
            Action::Crash => self.crash(&[]),
        }
    }

    /// Time goes on to the next thing that is due; now and then only part of the way.
    fn sleep(&mut self) -> Result<bool, crate::violation::Violation> {
        let packets = self.packets.iter().map(|(at, _)| *at);
        let ops = self.ops.values().map(|op| op.again);
        let due = packets
            .chain(ops)
            .chain(self.process.next_due())
            .chain(self.workers.next_due())
            .filter(|at| *at > self.now)
            .min();
        let Some(due) = due else { return Ok(false) };
        let to = if self.is_faulty && self.random.chance(8) {
            // Nothing runs for a while: everything is late.
            self.now.after(Span::from_ms(self.random.ms(STALL_MAX)))
        } else if self.random.chance(70) {
            due
        } else {
            let part = self.random.ms(due.since(self.now).as_ms().min(3000));
            Timestamp::from_ms(self.now.as_ms() + part)
        };
        expect(to >= self.now, "time", || "time went back".to_owned())?;
        self.now = to;
        self.trace.note(self.step, || format!("it is {to}"));
        Ok(true)
    }
}
