//! The rules. Each list is sorted by name; a test sees to that.

use super::finding::Report;
use super::task::Task;
use super::tree::{Definition, Step};
use super::{step, task, workflow};

/// A rule with its name.
pub(super) type Rule<T> = (&'static str, T);
type WorkflowRule = fn(&Definition<'_>, &mut Report);
type StepRule = fn(&Step<'_>, &mut Report);
type TaskRule = fn(&Task<'_>, &mut Report);

/// About a workflow definition as a whole.
pub(super) const WORKFLOW_RULES: &[Rule<WorkflowRule>] = &[
    ("inputs", workflow::inputs::check),
    ("name", workflow::name::check),
    ("name_characters", workflow::name_characters::check),
    ("owner_email", workflow::owner_email::check),
    ("schema_version", workflow::schema_version::check),
    ("tasks", workflow::tasks::check),
    ("unique_references", workflow::unique_references::check),
];

/// About every step.
pub(super) const STEP_RULES: &[Rule<StepRule>] = &[
    ("name", step::name::check),
    ("reference_name", step::reference_name::check),
    ("start_delay", step::start_delay::check),
];

/// About steps of one type, named by it. Types without rules are not listed: SIMPLE, INLINE,
/// SET_VARIABLE, JOIN, HUMAN, NOOP, PULL_WORKFLOW_MESSAGES, and all unknown ones.
pub(super) const TYPE_RULES: &[Rule<StepRule>] = &[
    ("DECISION", step::decision::check),
    ("DO_WHILE", step::do_while::check),
    ("DYNAMIC", step::dynamic::check),
    ("EVENT", step::event::check),
    ("FORK_JOIN", step::fork_join::check),
    ("FORK_JOIN_DYNAMIC", step::fork_join_dynamic::check),
    ("HTTP", step::http::check),
    ("JSON_JQ_TRANSFORM", step::json_jq_transform::check),
    ("KAFKA_PUBLISH", step::kafka_publish::check),
    ("SUB_WORKFLOW", step::sub_workflow::check),
    ("SWITCH", step::switch::check),
    ("TERMINATE", step::terminate::check),
    ("WAIT", step::wait::check),
];

/// About a task definition.
pub(super) const TASK_RULES: &[Rule<TaskRule>] = &[
    ("backoff_scale_factor", task::backoff_scale_factor::check),
    ("name", task::name::check),
    ("not_negative", task::not_negative::check),
    ("owner_email", task::owner_email::check),
    ("response_timeout", task::response_timeout::check),
    ("response_within_timeout", task::response_within_timeout::check),
    ("timeout_within_total", task::timeout_within_total::check),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted<T>(rules: &[Rule<T>]) -> bool {
        rules.is_sorted_by(|(one, _), (next, _)| one < next)
    }

    #[test]
    fn rules_are_sorted_and_named_once() {
        assert!(sorted(WORKFLOW_RULES) && sorted(STEP_RULES));
        assert!(sorted(TYPE_RULES) && sorted(TASK_RULES));
    }

    #[test]
    fn fields_are_sorted_and_named_once() {
        use crate::definition::validate::fields::{STEP, TASK, WORKFLOW};
        assert!(sorted(WORKFLOW) && sorted(STEP) && sorted(TASK));
    }
}
