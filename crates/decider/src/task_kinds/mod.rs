//! How each kind of task behaves in the decider: one file a kind.

pub mod closing;
pub mod decision;
pub mod do_while;
pub mod dynamic;
pub mod dynamic_fork;
pub mod exclusive_join;
pub mod fork_join;
pub mod inline;
pub mod inside;
pub mod join;
pub mod json_jq_transform;
pub mod keep_last;
pub mod lambda;
pub mod loop_items;
pub mod noop;
pub mod pull_messages;
pub mod script_task;
pub mod set_variable;
pub mod sub_workflow;
pub mod switch;
pub mod system_types;
pub mod terminate;
pub mod wait;
pub mod wait_time;
