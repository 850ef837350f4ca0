//! Rules of the tree that no compiler knows, one file each; `registry.rs` lists them.

mod banned_macros;
mod clippy_superset;
mod crate_comment;
mod dead_links;
mod file_length;
mod file_names;
mod integration_tests;
mod line_length;
mod machine_paths;
mod map_files;
mod open_notes;
mod registry;
mod registry_hosts;
mod rule;
mod rust_code;
mod tree;

pub use registry::{RULES, check};
pub use tree::Tree;
