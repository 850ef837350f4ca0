//! HTTP: a request to anywhere (`conductor-semantics` 5.18).
//!
//! Reading order: [`HttpTask`] (the task type), `input` (what is asked for), `uri` and `body`
//! (what that means on the wire), [`Hosts`] (who may be reached), `connect` and `exchange` (the
//! request itself), `answer` (what the task's output says), [`limits`].

mod answer;
mod body;
mod connect;
mod exchange;
mod fault;
mod hosts;
mod input;
mod lenient;
pub mod limits;
mod task;
mod tls;
mod uri;

pub use hosts::{Hosts, PatternError};
pub use task::HttpTask;
