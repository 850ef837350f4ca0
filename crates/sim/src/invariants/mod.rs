//! What must always hold, one file each. Batches are checked as they become durable, answers as
//! they leave the server, memory when it has caught up, and everything at the end of a world.

pub(crate) mod acknowledged_results_kept;
pub(crate) mod audits_find_nothing;
pub(crate) mod committed_groups_survive;
pub(crate) mod cursor_never_back;
pub(crate) mod elsewhere_exactly_once;
pub(crate) mod every_request_is_answered;
pub(crate) mod every_run_ends;
pub(crate) mod every_run_names_what_it_waits_for;
pub(crate) mod history_has_no_gaps;
pub(crate) mod inputs_resolve;
pub(crate) mod limits_hold;
pub(crate) mod memory_is_the_fold;
pub(crate) mod no_answer_from_undurable_state;
pub(crate) mod no_lost_task;
pub(crate) mod one_completed_attempt;
pub(crate) mod one_run_per_key;
pub(crate) mod outbox_exactly_once_seen;
pub(crate) mod refused_means_nothing;
pub(crate) mod release_after_commit;
pub(crate) mod snapshots_are_whole;
pub(crate) mod summaries_are_true;
pub(crate) mod terminal_once_per_epoch;
