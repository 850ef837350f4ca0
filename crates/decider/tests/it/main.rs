//! Tests of the decider from outside.

mod bench;
mod expressions;
mod scenarios;
mod validation;
