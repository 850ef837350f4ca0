//! What one resolution has left of its limits.

use serde_json::Value;

use super::limits::{Limit, RESOLVED_BYTES_MAX, VISITED_NODES_MAX};

/// Counts down while a resolution looks at values and produces some.
#[derive(Debug)]
pub(super) struct Budget {
    nodes: usize,
    bytes: usize,
}

impl Budget {
    pub(super) const fn new() -> Self {
        Self { nodes: VISITED_NODES_MAX, bytes: RESOLVED_BYTES_MAX }
    }

    /// One more value looked at.
    pub(super) fn visit(&mut self) -> Result<(), Limit> {
        self.visit_many(1)
    }

    /// Some more values looked at.
    pub(super) fn visit_many(&mut self, count: usize) -> Result<(), Limit> {
        self.nodes = self.nodes.checked_sub(count).ok_or(Limit::VisitedNodes)?;
        Ok(())
    }

    /// Some more bytes produced.
    pub(super) fn produce(&mut self, bytes: usize) -> Result<(), Limit> {
        self.bytes = self.bytes.checked_sub(bytes).ok_or(Limit::ResolvedBytes)?;
        Ok(())
    }

    /// One more value produced, with all that is in it. Stops counting at the limit, so that it
    /// costs no more than the copy it guards.
    pub(super) fn produce_value(&mut self, value: &Value) -> Result<(), Limit> {
        match value {
            Value::Null | Value::Bool(_) => self.produce(5),
            Value::Number(_) => self.produce(8),
            Value::String(text) => self.produce(text.len().saturating_add(2)),
            Value::Array(items) => {
                self.produce(items.len().saturating_add(2))?;
                items.iter().try_for_each(|item| self.produce_value(item))
            }
            Value::Object(map) => {
                self.produce(2)?;
                map.iter().try_for_each(|(key, item)| {
                    self.produce(key.len().saturating_add(4))?;
                    self.produce_value(item)
                })
            }
        }
    }
}
