//! Bounded script evaluation behind the runtime's Evaluator port.
//!
//! Reading order: [`JavaScript`] (the adapter), `pool` (engines on threads), `quickjs` (one
//! evaluation), `convert` (its result as JSON), [`limits`] (what a script may use).

mod budget;
mod convert;
mod javascript;
pub mod limits;
mod message;
mod pool;
mod quickjs;
mod random;

pub use javascript::JavaScript;
pub use limits::Limits;
