//! Scripts simple enough to be evaluated here, without the pool: comparisons and arithmetic of
//! literals and paths on `$`. Where JavaScript's answer is not certain, there is none, and the
//! script goes to the pool. A differential test in `evaluators` holds the two against each other.
//!
//! Reading order: [`Trivial`] (what callers use), `parse` (the grammar), `token` (its words),
//! `operand` (values and operators).

mod operand;
mod parse;
mod token;
mod trivial;

pub use trivial::{Trivial, evaluate};
