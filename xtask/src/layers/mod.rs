//! Which crate may use which: `layers.toml` against what `cargo metadata` says.

mod allowed;
pub mod edges;
pub mod purity;

pub use allowed::Layers;
