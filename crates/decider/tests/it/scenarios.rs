//! Given, when, then: what a run does, as text. One file a kind of task or command.

mod do_while;
mod domains;
mod fork_join;
mod http;
mod inline;
mod json_jq_transform;
mod operate;
mod output;
mod pull_messages;
mod retries;
mod scripts;
mod set_variable;
mod simple;
mod sub_workflow;
mod switch;
mod terminate;
mod timeouts;
mod tolerated;
mod updates;
mod wait;
