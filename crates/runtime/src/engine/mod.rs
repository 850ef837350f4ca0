//! The engine: the only handle others hold.

pub mod config;
pub mod handle;
pub mod lookups;
pub mod poll;
pub mod pressure;
pub mod recovery;
mod rows_read;
pub mod run_view;

pub use config::{Config, OpenError, Parts};
pub use handle::{Engine, EngineError};
pub use poll::{PollRequest, Polled};
pub use pressure::Class;
pub use run_view::RunView;
