//! Definitions: parsed once into a flat table of steps, with everything a run needs embedded.

pub mod branch;
pub mod build;
pub mod compile;
pub mod model;
pub mod policy;
pub mod resolve;
pub mod validate;

pub use compile::{CompileError, compile};
pub use model::{
    After, DecidedBy, DefinitionHash, Evaluator, Items, Keep, Kind, Step, StepId, TimeoutPolicy,
    Workflow, WorkflowKey,
};
pub use policy::{RetryLogic, TaskPolicy};
pub use resolve::{Catalog, ResolveError, resolve, resolve_task};
