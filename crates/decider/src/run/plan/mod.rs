//! Which tasks come next, what they get, and how a run ends.

pub mod branch_input;
pub mod finish;
pub mod inputs;
pub mod next;
pub mod queueing;
pub mod settle;
