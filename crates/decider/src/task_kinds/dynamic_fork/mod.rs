//! FORK_JOIN_DYNAMIC: its inputs say what its branches are (`conductor-semantics` 5.4).
//!
//! Reading order: [`enter`] (the fork is reached), [`forms`] (the three ways to describe branches),
//! [`elements`] (branches that are alike), [`collect`] (branches put together), [`branches`] (their
//! tasks, one after the other).

pub mod branches;
pub mod collect;
pub mod elements;
pub mod enter;
pub mod forms;

pub(crate) use branches::next_branch;
pub(crate) use enter::enter;
pub(crate) use forms::short;
