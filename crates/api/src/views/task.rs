//! A task as clients see it (`conductor-rest` 3.4).

use fermata_decider::run::{Run, Task, dynamic};
use fermata_runtime::engine::run_view::RunView;
use fermata_types::{Payload, PayloadLimits, TaskNumber, Timestamp};
use fermata_wire::conductor as wire;

use super::definition::{Texts, dynamic_texts};
use super::left_out;
use crate::external::{Part, PayloadPath};

/// What is shown of a task besides the task itself.
pub(crate) struct Shown<'a> {
    /// Its run; the other tasks are not looked at.
    pub(crate) run: &'a Run,
    /// Texts of the run's definition.
    pub(crate) texts: &'a Texts,
    /// From which sizes payloads are left out.
    pub(crate) limits: &'a PayloadLimits,
    /// Now, for the time in the queue.
    pub(crate) now: Timestamp,
}

impl Shown<'_> {
    /// The task with its payloads.
    pub(crate) fn task(&self, task: &Task, input: &Payload, output: &Payload) -> wire::Task {
        let run = self.run;
        let step = run.step_of(task);
        let own = dynamic::shown::step_json(run, task, input);
        let own = own.map(|json| dynamic_texts(step, &json));
        let texts = own.as_ref().or_else(|| self.texts.steps.get(task.step.0 as usize));
        let repeated = texts.map(|texts| &texts.repeated);
        let child = task.child().map(|child| child.to_string());
        let iteration = task.loop_iteration().max(task.iteration);
        let id = run.id.task(task.number);
        let path = |part| PayloadPath::OfTask(id, part);
        let (input, input_path) = left_out::shown(input, self.limits.task_input, path(Part::Input));
        let (output, output_path) =
            left_out::shown(output, self.limits.task_output, path(Part::Output));
        let is_replacement = task.replaces() != TaskNumber(0);
        wire::Task {
            task_type: Some(step.task_type.clone()),
            status: run.shown_status(task),
            input_data: input,
            output_data: output,
            external_input_payload_storage_path: input_path,
            external_output_payload_storage_path: output_path,
            reference_task_name: Some(run.reference_of(task)),
            retry_count: signed(task.retry_count()),
            seq: signed(task.number.0),
            correlation_id: run.correlation.clone(),
            poll_count: signed(task.poll_count),
            task_def_name: Some(step.name.clone()),
            scheduled_time: task.scheduled.as_ms(),
            start_time: task.started.as_ms(),
            end_time: end(run, task).as_ms(),
            update_time: task.updated.as_ms(),
            start_delay_in_seconds: i32::try_from(task.start_delay().as_seconds())
                .unwrap_or(i32::MAX),
            retried_task_id: is_replacement.then(|| run.id.task(task.replaces()).to_string()),
            retried: task.retried,
            executed: task.executed,
            response_timeout_seconds: match texts {
                Some(texts) if texts.is_simple => step.policy.response_timeout.as_seconds(),
                _ => 0,
            },
            workflow_instance_id: Some(run.id.to_string()),
            workflow_type: Some(run.definition.key.name.clone()),
            task_id: Some(id.to_string()),
            reason_for_incompletion: task.reason().map(str::to_owned),
            callback_after_seconds: task.callback_after().as_seconds(),
            worker_id: task.worker().map(str::to_owned),
            workflow_task: texts.and_then(|texts| texts.step.clone()),
            domain: task.domain().map(str::to_owned),
            rate_limit_per_frequency: repeated.map_or(0, |it| it.rate_limit_per_frequency),
            rate_limit_frequency_in_seconds: repeated
                .map_or(0, |it| it.rate_limit_frequency_in_seconds),
            workflow_priority: i32::from(run.priority),
            execution_name_space: repeated.and_then(|it| it.execution_name_space.clone()),
            isolation_group_id: repeated.and_then(|it| it.isolation_group_id.clone()),
            iteration: signed(iteration),
            sub_workflow_id: child,
            queue_wait_time: queue_wait(task, self.now),
            loop_over_task: iteration > 0,
            task_definition: texts.and_then(|texts| texts.definition.clone()),
            ..wire::Task::default()
        }
    }

    /// The task of a run that can be read.
    pub(crate) fn read(&self, view: &RunView, task: &Task) -> wire::Task {
        self.task(task, &view.task_input(task), &view.task_output(task))
    }
}

/// An open task of an ended run has ended with it.
fn end(run: &Run, task: &Task) -> Timestamp {
    if task.status.is_terminal() { task.ended() } else { run.ended }
}

fn queue_wait(task: &Task, now: Timestamp) -> i64 {
    if task.started <= Timestamp::ZERO || task.scheduled <= Timestamp::ZERO {
        return 0;
    }
    if task.updated > Timestamp::ZERO && task.callback_after().as_seconds() > 0 {
        return now.since(task.updated.after(task.callback_after())).as_ms().max(0);
    }
    task.started.since(task.scheduled).as_ms()
}

fn signed(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
