//! What a decision sees of the bench.

use std::sync::Arc;

use fermata_decider::context::{Fetched, Found, PendingMessage};
use fermata_decider::definition::resolve_task;
use fermata_decider::needs::{DefinitionRequest, Evaluated, EvaluationKey};
use fermata_decider::run::Stored;
use fermata_types::{MessageOffset, Payload, PayloadLimits, RunId, ShardKey, Timestamp};

use super::{BEGIN, Bench, Driven};

pub(super) struct View<'a> {
    pub bench: &'a Bench,
    pub driven: &'a Driven,
}

impl Bench {
    pub(super) fn mint(&self) -> RunId {
        let salt = self.minted.get() + 1;
        self.minted.set(salt);
        RunId::compose(Timestamp::from_ms(BEGIN), ShardKey::wrapping(7), salt)
    }
}

impl Fetched for View<'_> {
    fn payload(&self, at: Stored) -> Option<Payload> {
        self.driven.hot.contains(&at).then(|| self.driven.payloads.get(&at).cloned())?
    }

    fn evaluation(&self, key: &EvaluationKey) -> Option<Evaluated> {
        self.driven.results.get(key).cloned()
    }

    fn definition(&self, request: &DefinitionRequest) -> Found {
        let found = match request {
            DefinitionRequest::Named { name, version } => {
                match self.bench.catalog.find(name, *version) {
                    Some(found) => found.clone(),
                    None => {
                        let shown = version.map_or_else(|| "null".to_owned(), |v| v.to_string());
                        return Found::Refused(format!(
                            "No such workflow defined. name={name}, version={shown}"
                        ));
                    }
                }
            }
            DefinitionRequest::Inline(json) => serde_json::from_str(json).expect("JSON"),
        };
        match self.bench.catalog.compile(found) {
            Ok(workflow) => Found::Definition(Arc::new(workflow)),
            Err(why) => Found::Refused(why.to_string()),
        }
    }

    fn messages(&self, after: MessageOffset, count: u32) -> Option<Vec<PendingMessage>> {
        let from = after.0 + 1;
        Some(
            self.driven
                .messages
                .range(from..)
                .map(|(_, m)| m.clone())
                .take(count as usize)
                .collect(),
        )
    }

    fn mint(&self) -> RunId {
        self.bench.mint()
    }

    fn is_polled(&self, task_type: &str, domain: &str) -> bool {
        self.bench.polled.contains(&(task_type.to_owned(), domain.to_owned()))
    }

    fn payload_limits(&self) -> PayloadLimits {
        self.bench.limits
    }

    fn resolve_task(&self, task: &mut serde_json::Value) {
        resolve_task(task, &self.bench.catalog);
    }

    fn environment(&self, _: &str) -> Option<String> {
        None
    }
}
