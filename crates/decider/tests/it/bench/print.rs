//! Events, effects and tasks as text a person reads.

use std::fmt::Write as _;

use fermata_decider::event::{Closed, RunOutput, Scheduled};
use fermata_decider::run::derived::{self, Part};
use fermata_decider::run::{Run, Task};
use fermata_decider::{Effect, Event};
use fermata_types::{Payload, Span, TaskNumber, Timestamp};

use super::{BEGIN, Bench, Driven, invariants};

/// A time as seconds since the scenario began.
pub(super) fn at(at: Timestamp) -> String {
    let ms = at.as_ms() - BEGIN;
    if ms % 1000 == 0 { format!("+{}s", ms / 1000) } else { format!("+{ms}ms") }
}

fn span(span: Span) -> String {
    let ms = span.as_ms();
    if ms % 1000 == 0 { format!("{}s", ms / 1000) } else { format!("{ms}ms") }
}

fn json(payload: &Payload) -> String {
    String::from_utf8_lossy(payload.bytes()).into_owned()
}

fn optional(label: &str, value: Option<&str>) -> String {
    value.map(|value| format!(" {label} {value}")).unwrap_or_default()
}

fn named(run: &Run, number: TaskNumber) -> String {
    let reference = run.task(number).map(|task| run.reference_of(task)).unwrap_or_default();
    format!("#{} {reference}", number.0)
}

pub(super) fn event(run: &Run, event: &Event) -> String {
    match event {
        Event::RunStarted(_) => "run started".to_owned(),
        Event::TaskScheduled(event) => scheduled(run, event),
        Event::TaskLeased { task, .. } => format!("{} leased", named(run, *task)),
        Event::TaskProgressed { task, output, callback_after, .. } => format!(
            "{} goes on {}, again after {}",
            named(run, *task),
            json(output),
            span(*callback_after)
        ),
        Event::LeaseExtended { task, .. } => format!("{} lives", named(run, *task)),
        Event::TaskClosed(event) => closed(run, event),
        Event::TaskForgiven { task } => format!("{} forgiven", named(run, *task)),
        Event::TaskSettled { task } => format!("{} settled", named(run, *task)),
        Event::BranchChosen { task, first } => {
            let first = first.map_or("none".into(), |step| run.reference_of_step(step));
            format!("{} chose {first}", named(run, *task))
        }
        Event::LoopAdvanced { task, iteration, .. } => {
            format!("{} begins iteration {iteration}", named(run, *task))
        }
        Event::VariablesSet { values } => format!("variables {values:?}"),
        Event::RunPaused { .. } => "run paused".to_owned(),
        Event::RunResumed { .. } => "run resumed".to_owned(),
        Event::RunClosed { status, failed_task, .. } => {
            let by = failed_task.map(|task| format!(" by #{}", task.0)).unwrap_or_default();
            format!("run {status}{by}")
        }
        Event::ItemTaken { task, iteration, item, .. } => {
            format!("{} begins iteration {iteration} with {item:?}", named(run, *task))
        }
        Event::IterationsDropped { task, through } => {
            format!("{} drops iterations up to {through}", named(run, *task))
        }
        Event::BranchesPlanned(planned) => {
            let count = planned.lengths.len();
            let steps = planned.steps.len();
            format!("{} has {count} branches of {steps} steps", named(run, planned.task))
        }
        Event::TaskResolved { task, .. } => {
            let name = run.dynamic.resolved(*task).map_or("?", |step| &step.name);
            format!("#{} is {name}", task.0)
        }
        Event::TaskReturned { task, .. } => format!("{} returned", named(run, *task)),
        Event::ChildStarted { task, child, .. } => {
            format!("{} starts {child}", named(run, *task))
        }
    }
}

fn scheduled(run: &Run, event: &Scheduled) -> String {
    let mut line = format!("{} {}", named(run, event.number), event.status);
    if event.replaces != TaskNumber(0) {
        let _ = write!(line, " retry {} of #{}", event.retry_count, event.replaces.0);
    }
    if event.delay != Span::ZERO {
        let _ = write!(line, " delay {}", span(event.delay));
    }
    line += &optional("domain", event.domain.as_deref());
    if let Some(until) = event.wait_until {
        let _ = write!(line, " until {}", at(until));
    }
    if !event.input.is_empty_object() {
        let _ = write!(line, " input {}", json(&event.input));
    }
    line
}

fn closed(run: &Run, event: &Closed) -> String {
    let mut line = format!("{} {}", named(run, event.task), event.status);
    if let Some(output) = event.output.as_ref().filter(|output| !output.is_empty_object()) {
        let _ = write!(line, " output {}", json(output));
    }
    line += &optional("reason", event.reason.as_deref());
    line
}

pub(super) fn effect(effect: &Effect) -> String {
    match effect {
        Effect::Enqueue(place) => {
            format!("-> queue {} #{} ready {}", place.queue, place.task.0, at(place.ready))
        }
        Effect::Dequeue(place) => format!("-> out of queue {} #{}", place.queue, place.task.0),
        Effect::StartChild { child, definition, origin } => format!(
            "-> start {child} of {} {} input {} priority {}{}",
            definition.key.name,
            definition.key.version,
            json(&origin.input),
            origin.priority,
            if origin.task_to_domain.is_empty() {
                String::new()
            } else {
                format!(" domains {:?}", origin.task_to_domain)
            }
        ),
        Effect::EndChild { child, reason } => format!("-> end {child}: {reason}"),
        Effect::NotifyParent(end) => format!(
            "-> tell {} {} {}{}",
            end.parent,
            end.status,
            json(&end.output),
            optional("reason", end.reason.as_deref())
        ),
        Effect::AppendMessage { offset, id, .. } => format!("-> message {} {id}", offset.0),
        Effect::ConsumeMessages { from, through } => {
            format!("-> messages {}..={} consumed", from.0, through.0)
        }
        Effect::ForgetTasks(gone) => {
            let numbers: Vec<String> =
                gone.iter().map(|gone| format!("#{}", gone.task.0)).collect();
            format!("-> forget {}", numbers.join(" "))
        }
        Effect::AppendLogs { task, lines } => {
            format!("-> {} log lines of #{}", lines.len(), task.0)
        }
    }
}

impl Bench {
    pub(super) fn write(&mut self, run: usize, line: &str) {
        if !self.is_silent {
            let label = if run == 0 { String::new() } else { format!("[child{run}] ") };
            self.text.push_str(&format!("    {label}{line}\n"));
        }
    }

    /// All that happened, then each run with its tasks.
    pub fn text(&self) -> String {
        let mut text = self.text.clone();
        for (index, driven) in self.runs.iter().enumerate() {
            text.push_str(&summary(index, driven));
        }
        self.with_names(text)
    }

    /// Only each run with its tasks.
    pub fn outcome(&self) -> String {
        let runs = self.runs.iter().enumerate();
        self.with_names(runs.map(|(index, driven)| summary(index, driven)).collect())
    }

    /// Ids replaced by names that are the same for ever.
    fn with_names(&self, mut text: String) -> String {
        for (index, driven) in self.runs.iter().enumerate() {
            let id = driven.run.id.to_string();
            let label = if index == 0 { "root".to_owned() } else { format!("child{index}") };
            for number in (1..=driven.run.tasks.made()).map(TaskNumber) {
                let task = driven.run.id.task(number).to_string();
                text = text.replace(&task, &format!("{label}#{}", number.0));
            }
            text = text.replace(&id, &label);
        }
        text
    }
}

fn summary(index: usize, driven: &Driven) -> String {
    let run = &driven.run;
    let label = if index == 0 { "root".to_owned() } else { format!("child{index}") };
    let mut text = format!("{label} {}{}", run.status, optional("reason", run.reason.as_deref()));
    if run.status.is_terminal() {
        let _ = write!(text, " output {}", json(&output(driven)));
    } else {
        let _ = write!(text, " waits for {}", invariants::waits(run).join(", "));
    }
    if !run.variables.is_empty() {
        let short: Vec<String> =
            run.variables.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
        let _ = write!(text, " variables {}", short.join(" "));
    }
    text.push('\n');
    for task in &run.tasks {
        text.push_str(&task_line(driven, task));
    }
    text
}

fn output(driven: &Driven) -> Payload {
    let run = &driven.run;
    match (&run.output_at, &run.output) {
        (Some(at), _) => driven.payloads.get(at).cloned().expect("the output was brought"),
        (None, RunOutput::OfTask(number)) => {
            Payload::from_value(&task_output(driven, run.task(*number).expect("a task")))
        }
        _ => Payload::empty_object(),
    }
}

fn task_output(driven: &Driven, task: &Task) -> serde_json::Value {
    let payload = |at| driven.payloads.get(&at).cloned();
    derived::output(&driven.run, task, &payload, Part::Whole).expect("all payloads are here")
}

fn task_line(driven: &Driven, task: &Task) -> String {
    let run = &driven.run;
    let mut line =
        format!("  #{} {} {}", task.number.0, run.reference_of(task), run.shown_status(task));
    if task.retry_count() > 0 {
        let _ = write!(line, " retry={}", task.retry_count());
    }
    if task.iteration > 0 {
        let _ = write!(line, " iteration={}", task.iteration);
    }
    if task.retried {
        line.push_str(" retried");
    }
    if task.poll_count > 1 {
        let _ = write!(line, " polls={}", task.poll_count);
    }
    if let Some((queue, ready)) =
        driven.queued.get(&task.number).filter(|_| !run.status.is_terminal())
    {
        let _ = write!(line, " in {queue} {}", at(*ready));
    }
    let output = task_output(driven, task);
    if output != serde_json::json!({}) {
        let _ = write!(line, " output {output}");
    }
    line += &optional("reason", task.reason());
    line.push('\n');
    line
}
