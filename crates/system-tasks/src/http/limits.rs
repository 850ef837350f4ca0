//! What a request may use. Each limit is a constant with a unit and a reason.

use std::time::Duration;

/// Time to connect where the input says nothing (`conductor-semantics` 5.18).
pub const CONNECT_DEFAULT: Duration = Duration::from_millis(3000);
/// Time without a byte of the answer where the input says nothing.
pub const READ_DEFAULT: Duration = Duration::from_millis(3000);
/// Time to connect where the input says null, as the reference server's properties have it.
pub const CONNECT_FOR_NULL: Duration = Duration::from_millis(100);
/// Time without a byte of the answer where the input says null.
pub const READ_FOR_NULL: Duration = Duration::from_millis(150);
/// The longest of these times; more, or zero for "no limit", means this.
pub const WAIT_MAX: Duration = Duration::from_secs(3600);
/// Time for a whole exchange, unless its own times add up to more: an answer that comes byte by
/// byte must not hold a place for ever.
pub const EXCHANGE_MAX: Duration = Duration::from_secs(300);
/// Bytes of an answer's body: what a task's output may have (`conductor-semantics` 10.1).
pub const ANSWER_BODY_MAX: usize = fermata_types::limits::TASK_PAYLOAD_MAX;
/// Bytes of a request's body; inputs have their own, lower limit.
pub const REQUEST_BODY_MAX: usize = 16 << 20;
/// Bytes of an answer's status line and headers.
pub const ANSWER_HEAD_MAX: usize = 64 << 10;
/// Headers of an answer.
pub const ANSWER_HEADERS_MAX: usize = 200;
/// Headers of a request.
pub const REQUEST_HEADERS_MAX: usize = 200;
/// Bytes of names and values of a request's headers.
pub const REQUEST_HEAD_MAX: usize = 64 << 10;
/// Bytes of a URI.
pub const URI_MAX: usize = 16 << 10;
/// Addresses of a host that are tried.
pub const ADDRESSES_MAX: usize = 8;
/// Levels of an answer's JSON; deeper ones are text.
pub const ANSWER_DEPTH_MAX: usize = 100;
