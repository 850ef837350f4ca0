//! Integration tests of the runtime.

mod engine;
mod epochs;
mod golden_events;
mod long_loop;
mod refusals;
mod skeleton;
mod snapshots;
