//! Routes and operations: wire to command, reply to wire, errors to codes.
//!
//! Read `routes` first: the table of every method and path with the function that serves it. An
//! operation in `conductor` reads its request with `extract`, asks the engine, and shows what
//! came of it with `views`. `error` is the one table from refusals to statuses.

mod answer;
mod conductor;
mod error;
mod export;
mod external;
mod extract;
mod metrics;
mod routes;
mod state;
mod streamed;
mod ui;
mod views;

pub use export::Exporter;
pub use external::{DiskFiles, DiskLimits, FileError, PayloadFiles, PayloadId};
pub use extract::BODY_DEPTH_MAX;
pub use routes::router;
pub use state::{Durability, Options};
