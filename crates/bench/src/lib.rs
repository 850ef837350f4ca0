//! Load generator for any server with the Conductor REST API, driven by URL alone.
//!
//! Reading order: [`Arguments`] says what can be asked, `bench` runs one phase after another,
//! `workloads` holds one file per workload, `tracker` joins what starters and workers saw of a
//! run, `verify` reads every run back, `report` and `print` say what was measured.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measuring tool reads clocks, keeps its own pace and prints its figures"
)]

mod arguments;
mod bench;
mod client;
mod definitions;
mod device;
mod host;
mod loops;
pub mod micro;
mod pacer;
mod print;
mod report;
mod sample;
mod tracker;
mod verify;
mod wire;
mod workloads;

pub use arguments::{Arguments, ScaleArguments, UpdateRoute, WorkloadName};
pub use bench::{Verdict, run};
