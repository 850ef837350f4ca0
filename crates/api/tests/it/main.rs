//! The surface against its contract. Each test cites the section it holds us to
//! (`conductor-rest` unless it says otherwise).
#![expect(clippy::indexing_slicing, reason = "a missing field of an answer fails the test")]

mod bodies;
mod bulk;
mod connections;
mod executes;
mod external;
mod failures;
mod lists;
mod loops;
mod messages;
mod metadata;
mod operators;
mod payload_limits;
mod pressure;
mod queues;
mod routing;
mod server;
mod shapes;
mod starts;
mod streamed;
mod tasks;
mod waits;
mod workflows;
