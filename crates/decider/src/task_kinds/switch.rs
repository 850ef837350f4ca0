//! SWITCH: chooses one of its branches (`conductor-semantics` 5.7).

use fermata_types::{Payload, TaskStatus};
use serde_json::{Value, json};

use crate::context::Context;
use crate::definition::{Evaluator, Kind, StepId};
use crate::event::{Event, Scheduled};
use crate::needs::{Evaluated, Needs};
use crate::run::advance::Step;
use crate::run::plan::finish;
use crate::run::state::Run;
use crate::task_kinds::{closing, script_task};

/// Makes the task, which chooses at once: its input shows the case it chose.
pub(crate) fn enter(
    run: &Run,
    mut scheduled: Scheduled,
    context: Context<'_>,
) -> Result<Step, Needs> {
    let place = run.step_handle(scheduled.step, scheduled.number);
    let Kind::Switch { evaluator, expression, cases, default } = &place.kind else {
        return Err(Needs::default());
    };
    let number = scheduled.number;
    let Value::Object(mut input) = scheduled.input.to_value() else {
        return Err(Needs::default());
    };
    let chosen = match evaluator {
        Evaluator::ValueParam => input.get(&**expression).cloned().unwrap_or(Value::Null),
        Evaluator::JavaScript => {
            // The task has no number yet: named by where it stands, the result stays valid
            // whatever other branches do meanwhile.
            let at = (scheduled.scope, scheduled.step);
            let input = Value::Object(input.clone());
            match script_task::evaluate(at, expression, &input, context)? {
                Evaluated::Value(value) => value.to_value(),
                Evaluated::Failed(message) | Evaluated::TimedOut(message) => {
                    let failed = closing::failed(number, TaskStatus::Failed, message, context);
                    return Ok(Step::of(vec![Event::TaskScheduled(Box::new(scheduled)), failed]));
                }
            }
        }
        Evaluator::Unknown(name) => {
            let reason = format!("No evaluator registered for type: {name}");
            return finish::failed(run, reason, None, context);
        }
    };
    let case = case_text(&chosen);
    let first = branch(&case, cases, *default);
    input.insert("case".to_owned(), Value::from(case.clone()));
    if first.is_some() {
        input.insert("hasChildren".to_owned(), Value::from("true"));
    }
    scheduled.input = Payload::from_value(&Value::Object(input));
    let output = json!({ "evaluationResult": [case], "selectedCase": case });
    Ok(Step::of(vec![
        Event::TaskScheduled(Box::new(scheduled)),
        closing::completed(number, Some(Payload::from_value(&output)), context),
        Event::BranchChosen { task: number, first },
    ]))
}

/// A matching case counts even when it is empty; only without a match the default does.
fn branch(
    case: &str,
    cases: &[(String, Option<StepId>)],
    default: Option<StepId>,
) -> Option<StepId> {
    cases.iter().find(|(name, _)| name == case).map_or(default, |(_, first)| *first)
}

/// The result as a case name: null is `null`, whole numbers have no decimals.
pub(super) fn case_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
