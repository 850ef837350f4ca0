//! The network: late, out of order, twice, or not at all.

use fermata_types::{TaskId, Timestamp};

use crate::violation::Checked;
use crate::workload::op::{OpId, Told, What};
use crate::world::World;
use crate::world::asked::Asker;

/// The longest a packet may take, in ms.
const DELAY_MAX: i64 = 1500;

/// Something under way.
#[derive(Debug, Clone)]
pub(crate) enum Packet {
    /// A request on its way to the server.
    Ask(OpId),
    /// An answer on its way back.
    Told(OpId, Told),
    /// A leased task on its way to its worker, with its step's name.
    Task(usize, TaskId, String),
}

impl World {
    /// Sends a packet, if the network does not lose it.
    pub(crate) fn send(&mut self, packet: Packet) {
        if self.is_faulty && self.random.chance(self.config.loss) {
            self.trace.note(self.step, || format!("lost {packet:?}"));
            return;
        }
        let delay =
            if !self.is_faulty || self.random.chance(70) { 0 } else { self.random.ms(DELAY_MAX) };
        let at = Timestamp::from_ms(self.now.as_ms() + delay);
        let op = match &packet {
            Packet::Ask(op) => self.ops.get_mut(op),
            _ => None,
        };
        let doubles = op.is_some_and(|op| {
            op.sent += 1;
            op.may_double
        });
        if doubles && self.is_faulty && self.random.chance(self.config.loss) {
            if let Packet::Ask(op) = &packet
                && let Some(op) = self.ops.get_mut(op)
            {
                op.sent += 1;
            }
            let later = Timestamp::from_ms(at.as_ms() + self.random.ms(DELAY_MAX));
            self.packets.push((later, packet.clone()));
        }
        self.packets.push((at, packet));
    }

    /// Packets that could arrive now.
    pub(crate) fn arriving(&self) -> usize {
        self.packets.iter().filter(|(at, _)| *at <= self.now).count()
    }

    /// One packet arrives, any of those that could.
    pub(crate) fn deliver(&mut self) -> Checked {
        let arriving = self.arriving();
        let chosen = self.random.below(arriving);
        let now = self.now;
        let due = self.packets.iter().enumerate().filter(|(_, (at, _))| *at <= now);
        let Some(index) = due.map(|(index, _)| index).nth(chosen) else { return Ok(()) };
        let (_, packet) = self.packets.swap_remove(index);
        self.trace.note(self.step, || format!("arrives {packet:?}"));
        match packet {
            Packet::Ask(id) => {
                if let Some(op) = self.ops.get(&id) {
                    let (shard, request) = (op.shard, op.request.clone());
                    self.post(shard, Asker::Op(id), request);
                }
                Ok(())
            }
            Packet::Told(id, told) => self.hear(id, &told),
            Packet::Task(worker, task, name) => {
                self.workers.receive(worker, task, name, now);
                Ok(())
            }
        }
    }

    /// A client or worker hears an answer.
    fn hear(&mut self, id: OpId, told: &Told) -> Checked {
        let Some(op) = self.ops.get(&id) else { return Ok(()) };
        let is_retriable = matches!(told, Told::Failed(_));
        if is_retriable {
            return Ok(());
        }
        let what: What = op.what.clone();
        self.ledger.note(&what, told);
        if !matches!(what, What::Define) {
            self.ops.remove(&id);
        } else {
            self.is_defined = true;
        }
        Ok(())
    }
}
