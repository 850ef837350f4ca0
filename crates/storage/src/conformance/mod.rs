//! The suite every store passes: the model store, the embedded one, each that may follow.
//!
//! A test panics with what it found. [`run_all`] is for any store, [`run_reopen`] for those that
//! outlive their process. [`samples`] and [`Groups`] also serve crash tests and simulations.

mod families;
mod fencing;
mod generate;
mod groups;
mod order;
mod paging;
mod random;
mod reading;
mod reopen;
mod samples;
mod suite;
mod views;

pub use generate::{Groups, XorShift};
pub use reading::all_rows;
pub use reopen::Reopen;
pub use samples::{sample_row, samples};
pub use suite::{run_all, run_reopen};
