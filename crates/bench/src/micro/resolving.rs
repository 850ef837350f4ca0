//! Expressions in a task's input.

use std::borrow::Cow;
use std::hint::black_box;

use fermata_decider::expression::{Document, Field, Lookup, Source, Template};
use serde_json::{Value, json};

use super::Work;

/// An order, as the input of the run and the output of a task.
struct Order(Value);

impl Document for Order {
    type Key = ();

    fn lookup(&self, _: &Source, field: Field) -> Lookup<'_, ()> {
        match field {
            Field::Input | Field::Output => Lookup::Value(Cow::Borrowed(&self.0)),
            Field::WorkflowId => Lookup::Value(Cow::Owned(json!("run-1"))),
            _ => Lookup::Absent,
        }
    }
}

fn order() -> Order {
    let lines: Vec<Value> =
        (0..20).map(|line| json!({ "sku": format!("sku-{line}"), "count": line })).collect();
    Order(json!({
        "id": 4711, "customer": { "name": "Ada", "city": "London", "tags": ["a", "b"] },
        "lines": lines, "total": 99.5,
    }))
}

/// Ten expressions: whole values, paths, parts of texts, an index.
fn template() -> Value {
    json!({
        "order": "${workflow.input.id}", "name": "${workflow.input.customer.name}",
        "city": "${workflow.input.customer.city}", "lines": "${check.output.lines}",
        "first": "${check.output.lines[0].sku}", "last": "${check.output.lines[19].count}",
        "text": "order ${workflow.input.id} of ${workflow.input.customer.name}",
        "nested": { "tags": "${workflow.input.customer.tags}", "by": "${workflow.workflowId}" },
        "constant": [1, 2, { "three": 3 }],
    })
}

pub(super) fn resolve_input() -> Work {
    let (template, order) = (Template::parse(&template()), order());
    Box::new(move || match black_box(&template).resolve(&order) {
        Ok(Value::Object(map)) => map.len() as u64,
        _ => 0,
    })
}

pub(super) fn parse_template() -> Work {
    let json = template();
    Box::new(move || Template::parse(black_box(&json)).references().len() as u64)
}
