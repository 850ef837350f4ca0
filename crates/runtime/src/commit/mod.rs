//! Group commit: batches of all shards that arrived meanwhile share one sync.

pub mod committer;
pub mod grouping;

pub use committer::{Committer, Submission};
pub use grouping::Grouping;
