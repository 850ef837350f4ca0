//! Integration tests of the runtime.

mod engine;
mod epochs;
mod golden_events;
mod hub;
mod limits;
mod long_loop;
mod refusals;
