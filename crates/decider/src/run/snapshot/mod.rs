//! A run's state as bytes and back: what cannot be derived from its tasks ([`Head`]), and the
//! tasks, page by page. Indexes and counters are not written down; they follow from the tasks.
//!
//! The layout is `docs/formats/snapshot.md`. A change of what [`Head`] or a task holds is a new
//! [`VERSION`]: snapshots of another version are not read, and the run is folded from its history.

mod fields;
mod head;
mod page;

pub use head::{Head, VERSION};
pub use page::{decode_page, encode_page};
