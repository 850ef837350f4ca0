//! Integration tests of the runtime.

mod engine;
mod golden_events;
