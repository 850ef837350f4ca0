//! Ready tasks on one side, waiting polls on the other.
//!
//! [`hub`] matches them, without I/O or a clock; [`queue`] is one of its queues, of which memory
//! holds the best rows and [`reading`] fetches the others; [`permits`] keeps count of tasks whose
//! type has [`limits`]; [`waiting`] puts a lock and the clock around it all.

pub mod hub;
pub mod limits;
pub mod permits;
pub mod place;
pub mod polls;
mod queue;
pub mod reading;
pub mod views;
pub mod waiting;

pub use hub::{Hub, HubOutput, WaiterId};
pub use limits::TaskLimits;
pub use permits::{PermitCount, Permits};
pub use place::Bounds;
pub use polls::{PollBook, PollData};
pub use views::Depth;
pub use waiting::WaitingRoom;
