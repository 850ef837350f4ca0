//! jq (`conductor-semantics` 5.21), by way of the crates of jaq.
//!
//! Those bound neither time nor memory nor stack, so on a server a query runs in a child process
//! that can be killed. Reading order: `query` (one query over one input), `functions` (what
//! queries may call), `json` (results as JSON), `frame` (what goes over the pipes), [`serve`]
//! (the child's side), `child` and [`JqPool`] (the parent's), [`JqInProcess`] (without a child,
//! for proofs).

mod child;
mod frame;
mod functions;
mod in_process;
mod json;
mod limits;
mod pool;
mod query;
mod serve;

pub use in_process::JqInProcess;
pub use limits::{CHILDREN_MAX, INPUT_MAX, JqLimits, MEMORY_MAX, QUERY_MAX, WAITING_MAX};
pub use pool::{JqPool, JqProgram};
pub use serve::serve;
