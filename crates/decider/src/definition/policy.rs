//! Retries and timeouts of a task, from its task definition (`conductor-semantics` 2.1 and 3).

use fermata_types::Span;
use serde_json::Value;

use crate::definition::model::TimeoutPolicy;

/// How the delay grows from attempt to attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryLogic {
    /// Always the same.
    Fixed,
    /// Doubles with each attempt.
    Exponential,
    /// Grows by `backoffScaleFactor` steps.
    Linear,
}

/// Retries and timeouts that apply to one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskPolicy {
    /// Attempts after the first.
    pub retry_count: u32,
    /// How the delay grows.
    pub retry_logic: RetryLogic,
    /// Base delay.
    pub retry_delay: Span,
    /// Cap of the delay; zero for none.
    pub max_retry_delay: Span,
    /// Factor of LINEAR_BACKOFF.
    pub backoff_scale: i64,
    /// Largest random addition to a delay.
    pub jitter: Span,
    /// Time for one attempt from its start; zero for none.
    pub timeout: Span,
    /// Time for all attempts from the first scheduling; zero for none.
    pub total_timeout: Span,
    /// Time in the queue; zero for none.
    pub poll_timeout: Span,
    /// Time between signs of life of a worker; zero for none.
    pub response_timeout: Span,
    /// What `timeout`, `total_timeout` and `poll_timeout` do.
    pub timeout_policy: TimeoutPolicy,
}

impl TaskPolicy {
    /// Reads a task definition; absent fields take the reference server's defaults.
    /// `override_retries` is the step's own `retryCount`.
    #[must_use]
    pub fn read(definition: &Value, override_retries: Option<u32>) -> Self {
        let number = |field: &str, default: i64| {
            definition.get(field).and_then(Value::as_i64).unwrap_or(default).max(0)
        };
        let text = |field: &str| definition.get(field).and_then(Value::as_str).unwrap_or("");
        let retries = u32::try_from(number("retryCount", 3)).unwrap_or(u32::MAX);
        Self {
            retry_count: override_retries.unwrap_or(retries),
            retry_logic: match text("retryLogic") {
                "EXPONENTIAL_BACKOFF" => RetryLogic::Exponential,
                "LINEAR_BACKOFF" => RetryLogic::Linear,
                _ => RetryLogic::Fixed,
            },
            retry_delay: Span::from_seconds(number("retryDelaySeconds", 60)),
            max_retry_delay: Span::from_seconds(number("maxRetryDelaySeconds", 0)),
            backoff_scale: number("backoffScaleFactor", 1).max(1),
            jitter: Span::from_ms(number("backoffJitterMs", 0)),
            timeout: Span::from_seconds(number("timeoutSeconds", 0)),
            total_timeout: Span::from_seconds(number("totalTimeoutSeconds", 0)),
            poll_timeout: Span::from_seconds(number("pollTimeoutSeconds", 0)),
            response_timeout: Span::from_seconds(number("responseTimeoutSeconds", 3600)),
            timeout_policy: match text("timeoutPolicy") {
                "RETRY" => TimeoutPolicy::Retry,
                "ALERT_ONLY" => TimeoutPolicy::AlertOnly,
                _ => TimeoutPolicy::TimeOutWorkflow,
            },
        }
    }

    /// Delay before the attempt that follows attempt `failed` (0 for the first), without jitter
    /// (`conductor-semantics` 2.2 step 3; products saturate, quirk 10).
    #[must_use]
    pub fn delay_after(&self, failed: u32) -> Span {
        let base = self.retry_delay.as_ms();
        let grown = match self.retry_logic {
            RetryLogic::Fixed => base,
            RetryLogic::Linear => {
                base.saturating_mul(self.backoff_scale).saturating_mul(i64::from(failed) + 1)
            }
            RetryLogic::Exponential => {
                base.saturating_mul(1i64.checked_shl(failed.min(62)).unwrap_or(i64::MAX))
            }
        };
        let cap = self.max_retry_delay.as_ms();
        Span::from_ms(if cap > 0 { grown.min(cap) } else { grown })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn seconds(definition: &Value, attempts: u32) -> Vec<i64> {
        let policy = TaskPolicy::read(definition, None);
        (0..attempts).map(|n| policy.delay_after(n).as_seconds()).collect()
    }

    #[test]
    fn delays_follow_scenarios_b1_to_b5() {
        let exponential = json!({"retryLogic": "EXPONENTIAL_BACKOFF", "retryDelaySeconds": 1,
            "maxRetryDelaySeconds": 3});
        assert_eq!(seconds(&exponential, 4), [1, 2, 3, 3]);
        let linear = json!({"retryLogic": "LINEAR_BACKOFF", "retryDelaySeconds": 1,
            "backoffScaleFactor": 2});
        assert_eq!(seconds(&linear, 3), [2, 4, 6]);
        assert_eq!(seconds(&json!({"retryDelaySeconds": 5, "maxRetryDelaySeconds": 2}), 2), [2, 2]);
    }

    #[test]
    fn growth_saturates() {
        let policy = TaskPolicy::read(&json!({"retryLogic": "EXPONENTIAL_BACKOFF"}), None);
        assert_eq!(policy.delay_after(4_000_000).as_ms(), i64::MAX);
    }
}
