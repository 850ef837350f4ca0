//! Expressions: `${…}` inside the strings of a definition, and what they need to be resolved.
//!
//! Reading order: [`Template`] is a definition's JSON compiled once; [`Document`] is what it is
//! resolved against; [`Reference`] says beforehand what it may touch. A resolution is pure and
//! makes one pass: it answers with a value, with everything it lacks, or with the limit it met.
//! Behaviour is dictated by `conductor-semantics` 7; the paths are Jayway's dialect of JSONPath.

mod budget;
mod document;
mod input_template;
mod limits;
mod path;
mod reference;
mod resolve;
mod scan;
mod script;
mod secrets;
mod target;
mod template;
mod text;

pub use document::{
    Document, Field, Lookup, Source, SystemParameter, TASK_FIELDS, WORKFLOW_FIELDS,
};
pub use input_template::{add_missing_keys, fill_nulls};
pub use limits::{
    DESCENT_TASKS_MAX, EXPRESSION_DEPTH_MAX, EXPRESSION_LENGTH_MAX, Limit, PATH_STEPS_MAX,
    RESOLVED_BYTES_MAX, VISITED_NODES_MAX,
};
pub use path::{Path, PathError};
pub use reference::{Reference, Scope};
pub use resolve::Unresolved;
pub use scan::{Occurrence, occurrences};
pub use script::{ScriptRoots, script_roots};
pub use secrets::{fill_secrets, has_secrets};
pub use template::Template;
pub use text::Rendering;
