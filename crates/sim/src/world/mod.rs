//! A world: the production server in one thread, on a simulated disk, with clients and workers
//! around it, in virtual time. Its seed decides everything.
//!
//! Read `world.rs` (the parts, one step), then `driver.rs` and `committer.rs` (what moves the
//! production machine and commits), `crash.rs`, `network.rs` and `calm.rs` (how a world ends).

pub(crate) mod asked;
mod calm;
mod committer;
pub(crate) mod config;
mod crash;
pub(crate) mod driver;
pub(crate) mod network;
mod polling;
mod process;
mod step;
#[expect(clippy::module_inception, reason = "the file of the type `World`")]
mod world;

pub(crate) use world::World;
