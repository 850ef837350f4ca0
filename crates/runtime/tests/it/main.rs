//! Integration tests of the runtime.

mod audit;
mod elsewhere;
mod engine;
mod epochs;
mod golden_commands;
mod golden_events;
mod hub;
mod isolation;
mod limits;
mod long_fork;
mod long_loop;
mod operators;
mod outbox;
mod pressure;
mod refusals;
mod retention;
mod server;
mod skeleton;
mod snapshots;
mod space;
