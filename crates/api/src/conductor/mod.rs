//! The operations of the Conductor surface, a file a resource. What each answers is written in
//! `conductor-rest`, sections 1.1 to 1.9.

pub(crate) mod bulk;
pub(crate) mod definitions;
pub(crate) mod execute;
pub(crate) mod external;
pub(crate) mod health;
pub(crate) mod lists;
pub(crate) mod logs;
pub(crate) mod messages;
pub(crate) mod metadata;
pub(crate) mod polls;
pub(crate) mod queues;
pub(crate) mod signals;
pub(crate) mod start;
pub(crate) mod task_metadata;
pub(crate) mod tasks;
pub(crate) mod workflows;
