//! The injected file layer: the machine's files, or simulated ones that crash and fail.

mod layer;
mod real;
mod sim;
mod sim_disk;

pub use layer::{FileHandle, FileLayer, FileLock};
pub use real::RealFiles;
pub use sim::SimFiles;
pub use sim_disk::{Keep, Lie};
