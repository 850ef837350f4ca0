//! Deterministic simulation: the production server in one thread, on a disk that crashes, with
//! clients and workers around it, in virtual time. A seed decides everything.
//!
//! Read `world/` first (the server and what happens to it), then `shadow.rs` (the durable truth
//! beside it), `invariants/` (what must hold, one file each), `workload/` (what is asked) and
//! `mutants.rs` (the deliberate bugs that prove the invariants).

mod invariants;
mod ledger;
mod mutants;
mod random;
pub mod report;
mod run;
mod seeds;
mod shadow;
mod trace;
mod violation;
mod workload;
mod world;

pub use mutants::{Bug, Caught, SEEDS_PER_MUTANT, hunt};
pub use report::Tally;
pub use run::{Options, Report, STEPS, run};
pub use seeds::regressions;
pub use violation::Violation;
