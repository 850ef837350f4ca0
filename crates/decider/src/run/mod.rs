//! The run: its state, the events folded into it, the commands decided on it, and the plan that
//! says what comes next.

pub mod advance;
pub mod apply;
pub mod clock;
pub mod deadline;
pub mod decide;
pub mod derived;
pub mod document;
pub mod dynamic;
pub mod follow;
pub mod forget;
pub mod holders;
pub mod lane;
pub mod lookup;
pub mod loops;
pub mod made;
pub mod message;
pub mod operate;
pub mod paged;
pub mod plan;
pub mod snapshot;
pub mod start;
pub mod state;
pub mod task;
pub mod tasks;
pub mod update;
pub mod weigh;

pub use advance::{Advanced, advance};
pub use apply::apply;
pub use decide::{Decision, decide};
pub use holders::Holders;
pub use lane::Lane;
pub use loops::LoopIndex;
pub use paged::Paged;
pub use state::{Agenda, Run};
pub use task::{Extra, Stored, Task};
pub use tasks::Tasks;
