//! Why there is no answer, in the words of the task's reason.

use std::time::Duration;

use crate::http::limits::{ANSWER_BODY_MAX, ANSWER_HEAD_MAX, ANSWER_HEADERS_MAX};

/// Why a request has no answer. Never holds a secret: what is called is told by the caller.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("the host is not among those this server may call")]
    Forbidden,
    #[error("the host's name cannot be resolved")]
    Resolve(#[source] std::io::Error),
    #[error("the host has no address")]
    NoAddress,
    #[error("cannot connect: {0}")]
    Connect(#[source] std::io::Error),
    #[error("no connection within {} ms", .0.as_millis())]
    ConnectTimedOut(Duration),
    #[error("the host's name cannot be used for TLS")]
    ServerName,
    #[error("no trusted root certificates are installed")]
    NoRoots,
    #[error("no TLS connection: {0}")]
    Tls(#[source] std::io::Error),
    #[error("the exchange broke off: {0}")]
    Broken(#[source] hyper::Error),
    #[error("no answer for {} ms", .0.as_millis())]
    ReadTimedOut(Duration),
    #[error("the exchange took longer than {} s", .0.as_secs())]
    TooSlow(Duration),
    #[error("the answer's body is larger than {ANSWER_BODY_MAX} bytes")]
    TooLarge,
    #[error(
        "the answer has more than {ANSWER_HEADERS_MAX} headers or {ANSWER_HEAD_MAX} bytes of them"
    )]
    TooManyHeaders,
}
