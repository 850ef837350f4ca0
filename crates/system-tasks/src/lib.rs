//! The inside worker: tasks the server carries out itself, by the workers' door.
//!
//! Reading order: [`SystemTask`] (what a task type has to be able to do), [`Workers`] (poll,
//! carry out, report), [`http`] (requests to anywhere).

pub mod http;
mod secrets;
mod task;
mod worker;

pub use secrets::Secrets;
pub use task::{Ended, Outcome, SystemTask, Work};
pub use worker::{Config, Workers};
