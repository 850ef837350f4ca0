//! Rules about task definitions.

mod subject;

pub(super) mod backoff_scale_factor;
pub(super) mod name;
pub(super) mod not_negative;
pub(super) mod owner_email;
pub(super) mod response_timeout;
pub(super) mod response_within_timeout;
pub(super) mod timeout_within_total;

pub(super) use subject::Task;
