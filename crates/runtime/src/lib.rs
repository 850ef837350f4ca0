//! The machinery around the decider: shards, group commit, queues, timers and the engine handle.
//!
//! Read [`engine`] first: the only handle others hold. Behind it, [`shard`] has the machine of
//! one shard (no I/O, no clock) and its driver, [`commit`] makes groups of batches durable,
//! [`queues`] matches ready tasks with waiting polls, [`metadata`] keeps registered definitions.

pub mod audit;
pub mod clock;
pub mod codec;
pub mod commit;
pub mod engine;
pub mod evaluator;
pub mod ids;
pub mod metadata;
pub mod metrics;
pub mod mutant;
pub mod payloads;
pub mod queues;
pub mod retention;
pub mod shard;
pub mod space;
pub mod tasks;

pub use engine::{Engine, EngineError};
