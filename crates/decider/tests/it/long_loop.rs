//! A loop of 100,000 iterations: its cost is the same from the first to the last.

use fermata_decider::Event;
use fermata_decider::run::Run;
use serde_json::json;

use crate::bench::steps::{repeat, set};
use crate::bench::{folds_again, given};

const ITERATIONS: u32 = 100_000;

/// What has to stay small while the number of tasks grows.
fn sizes(run: &Run) -> [usize; 7] {
    [
        run.agenda.len(),
        run.deadlines.len(),
        run.open as usize,
        run.children.len(),
        run.pulls.len(),
        run.permissive_failures.len(),
        run.variables.len(),
    ]
}

#[test]
fn a_hundred_thousand_iterations() {
    let condition = format!("$.l.iteration < {ITERATIONS}");
    let body = json!([set("s", json!({ "n": "${l.output.iteration}" }))]);
    let bench = given(json!([repeat("l", &condition, body)]))
        .silent(10 * ITERATIONS as usize)
        .quick()
        .start(json!({}));
    let driven = bench.driven(0);
    assert_eq!(driven.run.status.as_str(), "COMPLETED");
    assert_eq!(driven.run.tasks.len(), 1 + ITERATIONS as usize);
    let last = driven.run.variables.first().map(|(_, value)| value.to_value());
    assert_eq!(last, Some(json!(ITERATIONS)));
    folds_again(driven);

    // The same history, folded with a look at the state at the end of each iteration.
    let mut run = Run::new(driven.run.id, driven.run.definition.clone());
    let mut events_in_iteration = Vec::new();
    let mut largest = [[0; 7]; 2];
    let mut begun = 0;
    for (row, event) in &driven.events {
        if let Event::LoopAdvanced { iteration, .. } = event {
            events_in_iteration.push(run.last.0 - begun);
            begun = run.last.0;
            let half = usize::from(*iteration > ITERATIONS / 2);
            let grown = largest[half].iter().zip(sizes(&run)).map(|(a, b)| (*a).max(b));
            largest[half] = grown.collect::<Vec<_>>().try_into().expect("seven");
        }
        run.row = *row;
        fermata_decider::apply(&mut run, event);
    }
    let inner = &events_in_iteration[1..];
    assert!(inner.iter().all(|count| *count == inner[0]), "events of each iteration");
    assert_eq!(inner[0], 5, "loop advanced, scheduled, variables, closed, settled");
    assert_eq!(largest[0], largest[1], "the second half holds no more than the first");
    assert!(largest[1].iter().all(|size| *size <= 2), "{largest:?}");
}
