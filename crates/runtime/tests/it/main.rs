//! Integration tests of the runtime.

mod elsewhere;
mod engine;
mod epochs;
mod golden_commands;
mod golden_events;
mod long_loop;
mod outbox;
mod refusals;
