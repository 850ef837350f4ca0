//! The pure heart of Fermata: what a run does, and nothing about how it is stored or reached.
//!
//! Reading order: [`command`] (what can be asked), [`event`] (what can have happened),
//! [`run::state`] (what a run is), [`run::apply`] (events folded into it), [`run::decide`] (a
//! command's own events, or a rejection), [`run::advance`] (one step at a time until the run is
//! quiet), [`effect`] (what must follow outside), [`needs`] (what has to be fetched first).
//!
//! No clock, no ids, no I/O: time and ids come in through [`context::Context`].

pub mod command;
pub mod context;
pub mod definition;
pub mod effect;
pub mod event;
pub mod expression;
pub mod needs;
pub mod planned;
pub mod rejection;
pub mod run;
pub mod script;
pub mod task_kinds;

pub use command::Command;
pub use context::{Context, Fetched};
pub use effect::Effect;
pub use event::Event;
pub use needs::Needs;
pub use rejection::Rejection;
pub use run::{Advanced, Decision, Run, advance, apply, decide};
