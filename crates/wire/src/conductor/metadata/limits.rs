//! Rate limits and caching of results.

use serde::{Deserialize, Serialize};

use crate::conductor::lenient;

/// Limit on the runs of a definition (`conductor-rest` 3.2).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RateLimitConfig {
    /// Expression of the key under which runs are counted.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::opt_text")]
    pub rate_limit_key: Option<String>,
    /// Runs at a time; 0 is no limit.
    #[serde(deserialize_with = "lenient::int")]
    pub concurrent_exec_limit: i32,
    /// What happens above the limit.
    #[serde(deserialize_with = "lenient::or_default")]
    pub policy: RateLimitPolicy,
}

/// What happens to a start above its limit (`conductor-rest` 3.2). Case sensitive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RateLimitPolicy {
    /// It waits.
    #[default]
    Queue,
    /// It is refused.
    Reject,
}

/// How long results are kept for reuse (`conductor-rest` 3.2).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CacheConfig {
    /// Expression of the key.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::opt_text")]
    pub key: Option<String>,
    /// Seconds a result is kept; singular on the wire.
    #[serde(deserialize_with = "lenient::int")]
    pub ttl_in_second: i32,
}
