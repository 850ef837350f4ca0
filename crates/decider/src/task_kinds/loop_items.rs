//! The list a DO_WHILE goes over (`conductor-semantics` 5.9.4).

use serde_json::Value;

use crate::context::Context;
use crate::definition::Items;
use crate::needs::Needs;
use crate::run::document::{self, RunDocument};
use crate::run::plan::inputs;
use crate::run::state::Run;
use crate::run::task::Task;

/// The list as it is now; none for a loop that only has its condition. Resolved anew for each
/// look. The inner error names a limit that was met.
pub(super) fn of(
    run: &Run,
    task: &Task,
    items: &Items,
    context: Context<'_>,
) -> Result<Result<Option<Vec<Value>>, String>, Needs> {
    let resolved = match items {
        Items::None => return Ok(Ok(None)),
        Items::Field(template) => {
            let document = RunDocument::for_task(run, template.references(), context);
            document::resolve(template, &document)?
        }
        Items::Input => {
            let place = (task.step, task.iteration);
            let input = inputs::of_place(run, place, None, run.step_of(task), context)?;
            input.map(|input| input.to_value().get_mut("_items").map_or(Value::Null, Value::take))
        }
    };
    Ok(resolved.map(list).map(Some))
}

/// A scalar is a list of one; null is empty.
fn list(value: Value) -> Vec<Value> {
    match value {
        Value::Array(list) => list,
        Value::Null => Vec::new(),
        scalar => vec![scalar],
    }
}
