//! What clients see of the engine's state: one function a shape.

pub(crate) mod definition;
pub(crate) mod left_out;
pub(crate) mod run;
pub(crate) mod task;
pub(crate) mod workflow;
