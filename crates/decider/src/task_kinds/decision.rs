//! DECISION: the older form of SWITCH (`conductor-semantics` 5.8).

use fermata_types::Payload;
use serde_json::{Map, Value, json};

use crate::context::Context;
use crate::definition::{DecidedBy, Kind, StepId};
use crate::event::{Event, Scheduled};
use crate::needs::{Evaluated, Needs};
use crate::run::advance::Step;
use crate::run::plan::finish;
use crate::run::state::Run;
use crate::task_kinds::{closing, script_task, switch};

/// Makes the task, which chooses at once: its input shows nothing but the case it chose.
pub(crate) fn enter(
    run: &Run,
    mut scheduled: Scheduled,
    context: Context<'_>,
) -> Result<Step, Needs> {
    let place = run.step(scheduled.step);
    let Kind::Decision { by, cases, default } = &place.kind else {
        return Err(Needs::default());
    };
    let number = scheduled.number;
    let given = scheduled.input.to_value();
    let chosen = match by {
        DecidedBy::Input(name) => given.get(name).cloned().unwrap_or(Value::Null),
        DecidedBy::Script(source) => {
            // The task has no number yet: see SWITCH.
            let at = (scheduled.scope, scheduled.step);
            match script_task::evaluate(at, source, &given, context)? {
                Evaluated::Value(value) => value.to_value(),
                Evaluated::Failed(message) | Evaluated::TimedOut(message) => {
                    let reason = format!("Error while evaluating script: {source}: {message}");
                    return finish::failed(run, reason, None, context);
                }
            }
        }
    };
    let case = switch::case_text(&chosen);
    let first = branch(&case, cases, *default);
    let mut input = Map::new();
    input.insert("case".to_owned(), Value::from(case.clone()));
    if first.is_some() {
        input.insert("hasChildren".to_owned(), Value::from("true"));
    }
    scheduled.input = Payload::from_value(&Value::Object(input));
    let output = Payload::from_value(&json!({ "caseOutput": [case] }));
    Ok(Step::of(vec![
        Event::TaskScheduled(Box::new(scheduled)),
        closing::completed(number, Some(output), context),
        Event::BranchChosen { task: number, first },
    ]))
}

/// Unlike with SWITCH, a matching case without steps leaves the choice to the default.
fn branch(
    case: &str,
    cases: &[(String, Option<StepId>)],
    default: Option<StepId>,
) -> Option<StepId> {
    cases.iter().find(|(name, _)| name == case).and_then(|(_, first)| *first).or(default)
}
