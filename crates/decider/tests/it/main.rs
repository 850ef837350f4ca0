//! Tests of the decider from outside.

mod bench;
mod expressions;
mod laws;
mod long_loop;
mod scenarios;
mod small_worlds;
mod validation;
mod worlds;
