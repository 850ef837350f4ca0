//! Integration tests of the embedded store.

mod checkpoint;
mod conformance;
mod corrupt;
mod crash;
mod failing;
mod full;
mod golden;
mod reopen;
mod reserve;
mod restore;
mod torn;
mod world;
