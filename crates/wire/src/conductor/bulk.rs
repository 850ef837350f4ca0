//! Answers of the bulk operations.

use serde::Serialize;

use super::Entries;

/// Outcome of one operation on many ids or names (`conductor-rest` 3.13).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BulkResponse<T> {
    /// Id or name to the message of its error.
    pub bulk_error_results: Entries<String>,
    /// What succeeded, in the order it was done.
    pub bulk_successful_results: Vec<T>,
}

impl<T> Default for BulkResponse<T> {
    fn default() -> Self {
        Self { bulk_error_results: Entries::new(), bulk_successful_results: Vec::new() }
    }
}
