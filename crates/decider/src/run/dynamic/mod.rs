//! Steps that come from data instead of from the run's definition: the branches of dynamic forks
//! and what DYNAMIC tasks turned out to be. Their ids follow those of the definition's steps.
//!
//! Reading order: [`plan`] (the branches of one fork), [`steps`] (all of a run), [`lookup`] (steps
//! and references of a run, wherever they come from), [`happened`] (events folded in), [`shown`]
//! (what clients see).

pub mod happened;
pub mod lookup;
pub mod names;
pub mod plan;
pub mod shown;
pub mod steps;

pub use lookup::StepHandle;
pub use plan::Plan;
pub use steps::{DynamicSteps, Forked};
