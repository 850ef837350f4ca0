//! The inside worker: requests to servers on loopback, and tasks of real runs.

mod exchanges;
mod peer;
mod runs;
mod world;
