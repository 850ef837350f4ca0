//! The task definition that the rules look at.

use serde_json::{Map, Value};

use crate::definition::validate::fields;
use crate::definition::validate::options::Options;
use crate::definition::validate::read;

/// A task definition, and where it is.
pub(in super::super) struct Task<'a> {
    pub(in super::super) map: &'a Map<String, Value>,
    /// Empty, or `[0]` in a list.
    pub(in super::super) path: &'a str,
    pub(in super::super) options: &'a Options<'a>,
}

impl Task<'_> {
    pub(super) fn name(&self) -> &str {
        read::text(self.map, "name").unwrap_or("")
    }

    pub(super) fn field(&self, field: &str) -> String {
        fields::join(self.path, field)
    }

    /// Seconds before which a worker has to answer; 3600 if not given.
    pub(super) fn response_timeout(&self) -> i64 {
        read::integer(self.map, "responseTimeoutSeconds", 3600)
    }

    /// Seconds a task may take; 0 for no limit.
    pub(super) fn timeout(&self) -> i64 {
        read::integer(self.map, "timeoutSeconds", 0)
    }
}
