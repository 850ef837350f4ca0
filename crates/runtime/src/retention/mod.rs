//! Retention: ended runs are deleted or archived by rule, in small paced batches. Open runs are
//! never touched; what was started as a sub-workflow goes with the run that started it.
//!
//! `rule` says what goes and when, `agenda` which rows are due to be looked at (no clock, no I/O),
//! `sweep` does it.

pub mod agenda;
pub mod rule;
pub mod sweep;

pub use rule::{Rule, RuleError, Rules, Then};
pub use sweep::{Archive, Retention};
