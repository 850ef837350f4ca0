//! What a decision may see of the world: results already fetched for its run.

use std::cell::RefCell;

use fermata_decider::context::{Fetched, Found, PendingMessage};
use fermata_decider::needs::{DefinitionRequest, Evaluated, EvaluationKey};
use fermata_decider::run::Stored;
use fermata_storage::{HistoryKey, MessageKey, PayloadKey, Row, RowKey};
use fermata_types::{MessageOffset, Payload, PayloadLimits, RunId, Timestamp};

use crate::ids::Mint;
use crate::payloads;
use crate::shard::entry::Entry;
use crate::shard::machine::Shared;
use crate::shard::overlay::Overlay;

/// The lane this version has.
pub const DEFAULT_LANE: &str = "default";

/// The view of one run's decision.
pub struct View<'a> {
    /// The run's entry.
    pub entry: &'a Entry,
    /// Staged rows.
    pub overlay: &'a Overlay,
    /// What all shards share.
    pub shared: &'a Shared,
    /// The shard's mint.
    pub mint: &'a RefCell<Mint>,
    /// Now.
    pub now: Timestamp,
}

impl View<'_> {
    fn run(&self) -> RunId {
        self.entry.run.id
    }

    fn staged_payload(&self, at: Stored) -> Option<Payload> {
        let run = self.run();
        let event = at.event();
        let key = RowKey::Payload(PayloadKey { run, event, part: 0 });
        if let Some(Some(Row::Payload(row))) = self.overlay.get(&key) {
            return Some(Payload::trusted(row.bytes.clone()));
        }
        let key = RowKey::History(HistoryKey { run, first: at.row() });
        match self.overlay.get(&key) {
            Some(Some(Row::History(row))) => payloads::in_row(row, at),
            _ => None,
        }
    }

    fn message(&self, offset: MessageOffset) -> Option<PendingMessage> {
        if let Some(message) = self.entry.messages.get(&offset) {
            return Some(message.clone());
        }
        let key = MessageKey { run: self.run(), lane: DEFAULT_LANE.to_owned(), offset };
        match self.overlay.get(&RowKey::Message(key)) {
            Some(Some(Row::Message(row))) => Some(PendingMessage {
                offset,
                id: row.id.clone(),
                payload: row.payload.clone(),
                received: row.received,
            }),
            _ => None,
        }
    }
}

impl Fetched for View<'_> {
    fn payload(&self, at: Stored) -> Option<Payload> {
        self.entry
            .payloads
            .get(&at)
            .cloned()
            .or_else(|| self.shared.payloads.get(&(self.run(), at)))
            .or_else(|| self.staged_payload(at))
    }

    fn evaluation(&self, key: &EvaluationKey) -> Option<Evaluated> {
        self.entry.results.get(key).cloned()
    }

    fn definition(&self, request: &DefinitionRequest) -> Found {
        self.shared.metadata.find(request)
    }

    fn messages(&self, after: MessageOffset, count: u32) -> Option<Vec<PendingMessage>> {
        let last = self.entry.run.lane.head.0.min(after.0.saturating_add(u64::from(count)));
        (after.0 + 1..=last).map(|offset| self.message(MessageOffset(offset))).collect()
    }

    fn mint(&self) -> RunId {
        let key = self.run().key();
        self.mint.borrow_mut().mint(self.now, key, &*self.shared.salt)
    }

    fn is_polled(&self, task_type: &str, domain: &str) -> bool {
        self.shared.polls.is_active(task_type, domain, self.now)
    }

    fn payload_limits(&self) -> PayloadLimits {
        self.shared.payload_limits
    }

    fn resolve_task(&self, task: &mut serde_json::Value) {
        fermata_decider::definition::resolve_task(task, &*self.shared.metadata.snapshot());
    }

    fn environment(&self, name: &str) -> Option<String> {
        self.shared.environment.get(name).cloned()
    }
}
