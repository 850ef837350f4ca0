//! What `cargo xtask bench` needs: the servers it drives, and its tables.

pub mod compare;
pub mod instructions;
pub mod reference;
pub mod servers;

pub use servers::Server;
