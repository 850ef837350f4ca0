//! Small pieces of work: what a decision, an encoding, a match or a resolution costs.
//!
//! Each is set up once and then done again and again, on the same state. The divan benches time
//! them; `fermata-bench-micro` does one of them so many times, for callgrind to count.

mod decider;
mod encoding;
mod life;
mod matching;
mod resolving;
mod stub;
mod table;

pub use table::{MICROS, Micro, Work, named};
