//! The commands of `cargo xtask`, one file each.

mod bench;
mod ci;
mod command;
mod compat;
mod deny;
mod layers;
mod server;
mod sim;
mod tidy;
mod up;

pub use command::{Command, run};
