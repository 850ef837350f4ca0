//! Integration tests of the runtime.

mod engine;
mod epochs;
mod golden_events;
mod long_loop;
mod pressure;
mod refusals;
