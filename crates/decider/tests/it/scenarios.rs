//! Given, when, then: what a run does, as text. One file a kind of task or command.

mod decision;
mod do_while;
mod domains;
mod dynamic;
mod dynamic_fork;
mod exclusive_join;
mod fork_join;
mod inline;
mod items;
mod keep_last;
mod lambda;
mod operate;
mod output;
mod payloads;
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
