//! Ready tasks on one side, waiting polls on the other.

pub mod hub;
pub mod polls;
pub mod waiting;

pub use hub::{Hub, HubOutput, WaiterId};
pub use polls::{PollBook, PollData};
pub use waiting::WaitingRoom;
