//! What left for another tree arrives exactly once: a task that says it started a run tells of a
//! durable one, no such run begins unless it was asked for, and at the end every run that was asked
//! for is there. That none begins twice, its history says.

use fermata_decider::Event;
use fermata_decider::definition::Kind;
use fermata_decider::event::RunOutput;
use fermata_decider::run::plan::failure::OUTPUT_KEY;
use fermata_types::{Payload, RunId, TaskStatus};

use crate::shadow::{Facts, Shadow};
use crate::violation::{Checked, expect};
use crate::workload::definitions;

const NAME: &str = "elsewhere_exactly_once";
/// The workflow that an event handler of the workload starts.
const ECHO: &str = "echo";

/// The run that a payload names under a key.
fn named(payload: &Payload, key: &str) -> Option<RunId> {
    payload.to_value().get(key)?.as_str()?.parse().ok()
}

/// What a durable batch asked for, and what it says came of it.
pub(crate) fn check(shadow: &mut Shadow, facts: &Facts) -> Checked {
    for (id, event) in &facts.events {
        match event {
            Event::StartRequested { run: Some(run), .. } => {
                shadow.asked.insert(*run);
            }
            Event::RunClosed { output: RunOutput::Value(output), .. } => {
                let failure = shadow.closed_output(*id).unwrap_or_else(|| output.clone());
                shadow.asked.extend(named(&failure, OUTPUT_KEY));
            }
            Event::TaskClosed(closed) if closed.status == TaskStatus::Completed => {
                let Some(run) = shadow.runs.get(id) else { continue };
                let Some(task) = run.task(closed.task) else { continue };
                if matches!(run.step_of(task).kind, Kind::Event { .. }) && closed.worker.is_none() {
                    shadow.published.insert(id.task(closed.task).to_string());
                    continue;
                }
                let is_start = matches!(run.step_of(task).kind, Kind::StartWorkflow);
                let output = closed.output.as_ref().filter(|_| is_start && closed.worker.is_none());
                let Some(started) = output.and_then(|output| named(output, "workflowId")) else {
                    continue;
                };
                let is_there =
                    shadow.runs.contains_key(&started) || shadow.deleted.contains(&started);
                expect(is_there, NAME, || {
                    format!("task {:?} of {id} says it started {started}", closed.task)
                })?;
            }
            _ => {}
        }
    }
    echoes(shadow, facts)?;
    for id in &facts.started {
        let Some(run) = shadow.runs.get(id) else { continue };
        let name = run.definition.key.name.as_str();
        let is_asked = shadow.asked.contains(id) || run.idempotency_key.is_some();
        expect(is_asked || !definitions::ELSEWHERE.contains(&name), NAME, || {
            format!("run {id} of {name} began, and nobody asked for it")
        })?;
    }
    Ok(())
}

/// A run that an event started names its message; no message starts two.
fn echoes(shadow: &mut Shadow, facts: &Facts) -> Checked {
    for (id, event) in &facts.events {
        let Event::RunStarted(_) = event else { continue };
        let Some(run) = shadow.runs.get(id) else { continue };
        if run.definition.key.name != ECHO {
            continue;
        }
        let input = shadow.payload(*id, run.input);
        let message = input.as_ref().and_then(|input| {
            input.to_value().get("conductor.event.messageId")?.as_str().map(str::to_owned)
        });
        let Some(message) = message else {
            return expect(false, NAME, || format!("run {id} names no message"));
        };
        expect(shadow.published.contains(&message), NAME, || {
            format!("run {id} began for message {message}, which nobody published")
        })?;
        let other = shadow.echoes.insert(message.clone(), *id);
        expect(other.is_none(), NAME, || {
            format!("runs {id} and {other:?} began for message {message}")
        })?;
    }
    Ok(())
}

/// Every run that was asked for is there, and every event was heard.
pub(crate) fn at_end(shadow: &Shadow) -> Checked {
    for id in &shadow.asked {
        let is_there = shadow.runs.contains_key(id) || shadow.deleted.contains(id);
        expect(is_there, NAME, || format!("run {id} was asked for and never began"))?;
    }
    for message in &shadow.published {
        expect(shadow.echoes.contains_key(message), NAME, || {
            format!("event {message} was published and its handler never acted")
        })?;
    }
    Ok(())
}
