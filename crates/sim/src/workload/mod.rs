//! The one general workload: definitions of every kind, and the people and programs around them.

pub(crate) mod clients;
pub(crate) mod definitions;
pub(crate) mod op;
mod shapes;
pub(crate) mod workers;
