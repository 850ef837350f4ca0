//! Integration tests of the runtime.

mod audit;
mod engine;
mod epochs;
mod golden_events;
mod isolation;
mod long_loop;
mod refusals;
mod retention;
mod skeleton;
