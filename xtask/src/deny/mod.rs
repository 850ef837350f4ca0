//! What may be in the dependency graph: licences, and one version of each package.

pub mod duplicates;
mod expression;
pub mod graph;
pub mod licences;
mod policy;

pub use policy::Policy;
