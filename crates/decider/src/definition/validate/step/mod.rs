//! Rules about steps: three about all of them, and one file for each type that has some.

pub(super) mod decision;
pub(super) mod do_while;
pub(super) mod dynamic;
pub(super) mod event;
pub(super) mod fork_join;
pub(super) mod fork_join_dynamic;
pub(super) mod http;
pub(super) mod json_jq_transform;
pub(super) mod kafka_publish;
pub(super) mod name;
pub(super) mod reference_name;
pub(super) mod start_delay;
pub(super) mod sub_workflow;
pub(super) mod switch;
pub(super) mod terminate;
pub(super) mod wait;
