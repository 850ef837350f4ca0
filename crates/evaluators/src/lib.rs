//! Bounded script evaluation behind the runtime's Evaluator port.
//!
//! Reading order: [`Scripts`] (which language where), [`JavaScript`] (the adapter), `pool` (engines
//! on threads), `quickjs` (one evaluation), `convert` (its result as JSON), [`limits`] (what a
//! script may use); [`jq`] (queries in child processes).

mod budget;
mod convert;
mod javascript;
pub mod jq;
pub mod limits;
mod message;
mod pool;
mod quickjs;
mod random;
mod scripts;

pub use javascript::JavaScript;
pub use limits::Limits;
pub use scripts::Scripts;
