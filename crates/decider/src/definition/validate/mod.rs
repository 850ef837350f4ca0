//! Validation rules of definitions: one rule a file, listed in `table`.
//!
//! A rule reads the raw JSON, so that a finding can say where it is; texts of findings are the
//! reference server's (`conductor-semantics` 8.2, `conductor-rest` 8), because clients show and
//! parse them. What the reference server would refuse while reading JSON (a wrong type, an
//! unknown enum value) is a finding too, in our words, and so is going over one of [`limits`].
//!
//! Not checked here: the syntax of JavaScript in SWITCH and DECISION ("Expression is not well
//! formatted: …"), because this crate runs no scripts; who stores definitions adds that finding.

mod check;
mod enums;
mod fields;
mod finding;
pub mod limits;
mod options;
mod read;
mod step;
mod table;
mod task;
mod tree;
mod workflow;

pub use check::{validate_task, validate_tasks, validate_workflow};
pub use finding::Finding;
pub use options::{NameCharacters, Options, OwnerEmail};
