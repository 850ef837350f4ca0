//! Every small definition with every outcome of every task: each run ends, or names something
//! that can still come.

use fermata_decider::command::ReportedStatus;
use serde_json::json;

use crate::bench::names_what_it_waits_for;
use crate::worlds::{Node, WORKER, World, open};

const OUTCOMES: [ReportedStatus; 3] =
    [ReportedStatus::Completed, ReportedStatus::Failed, ReportedStatus::FailedWithTerminalError];

/// All lists of nodes of exactly that many tasks.
fn lists(size: usize, leaves: &[Node]) -> Vec<Vec<Node>> {
    if size == 0 {
        return vec![Vec::new()];
    }
    let mut found = Vec::new();
    for first in 1..=size {
        let rest = lists(size - first, leaves);
        for node in nodes(first, leaves) {
            for tail in &rest {
                let mut list = vec![node.clone()];
                list.extend_from_slice(tail);
                found.push(list);
            }
        }
    }
    found
}

/// All nodes of exactly that many tasks.
fn nodes(size: usize, leaves: &[Node]) -> Vec<Node> {
    let mut found = if size == 1 { leaves.to_vec() } else { Vec::new() };
    for inside in lists(size - 1, leaves) {
        found.push(Node::Loop { iterations: 2, body: inside.clone() });
        // The larger worlds have fewer kinds.
        if leaves.contains(&Node::Lambda) {
            found.push(Node::Keeps { iterations: 3, keep: 1, body: inside.clone() });
            found.push(Node::Each { items: 2, body: inside.clone() });
        }
        found.push(Node::Switch { hits: true, case: inside.clone(), default: Vec::new() });
        if leaves.contains(&Node::Become) {
            found.push(Node::Spread(inside.clone()));
            found.push(Node::Exclusive(inside.clone()));
        }
        if !inside.is_empty() {
            found.push(Node::Switch { hits: false, case: inside.clone(), default: Vec::new() });
        }
    }
    if size >= 2 {
        for left in 0..=(size - 2) / 2 {
            let rights = lists(size - 2 - left, leaves);
            for a in lists(left, leaves) {
                found.extend(rights.iter().map(|b| Node::Fork(vec![a.clone(), b.clone()])));
            }
        }
    }
    found
}

/// Follows every sequence of outcomes of one definition, acting on the first or on the last open
/// task; answers how many states that visits.
fn explore(definition: &[Node]) -> usize {
    let mut worlds = vec![World::of(definition).start_quick()];
    let mut states = 0;
    while let Some(bench) = worlds.pop() {
        states += 1;
        let root = bench.root();
        if root.status.is_terminal() {
            continue;
        }
        assert!(names_what_it_waits_for(root), "{definition:?}\n{}", bench.outcome());
        let open = open(&bench);
        let last = open.last().filter(|_| open.len() > 1);
        assert!(!open.is_empty(), "{definition:?}\n{}", bench.outcome());
        for (run, task) in open.first().into_iter().chain(last) {
            for status in OUTCOMES {
                let mut next = bench.clone();
                next.task_in(*run, *task).reports(status, &json!({ "x": 1 }), Some("why"));
                worlds.push(next);
            }
        }
    }
    states
}

/// All definitions of up to that many tasks; answers definitions and states.
fn world(size: usize, leaves: &[Node]) -> (usize, usize) {
    let all: Vec<Vec<Node>> = (0..=size).flat_map(|size| lists(size, leaves)).collect();
    let states = all.iter().map(|definition| explore(definition)).sum();
    (all.len(), states)
}

#[test]
fn up_to_three_tasks_of_every_kind() {
    let leaves = [
        WORKER,
        Node::Worker { retries: 1, optional: false, permissive: false },
        Node::Worker { retries: 0, optional: true, permissive: false },
        Node::Worker { retries: 0, optional: false, permissive: true },
        Node::Inline,
        Node::Broken,
        Node::Lambda,
        Node::Set,
        Node::Wait,
        Node::Human,
        Node::Pull,
        Node::Sub,
        Node::Terminate("COMPLETED"),
        Node::Terminate("FAILED"),
        Node::Terminate("WRONG"),
    ];
    let (definitions, states) = world(3, &leaves);
    assert!(definitions > 6_000 && states > 30_000, "{definitions} definitions, {states} states");
}

#[test]
fn up_to_four_tasks_of_most_kinds() {
    let leaves = [
        WORKER,
        Node::Worker { retries: 0, optional: false, permissive: true },
        Node::Inline,
        Node::Sub,
        Node::Terminate("FAILED"),
    ];
    let (definitions, states) = world(4, &leaves);
    assert!(definitions > 12_000 && states > 60_000, "{definitions} definitions, {states} states");
}

#[test]
fn up_to_three_tasks_made_from_data() {
    let leaves = [
        WORKER,
        Node::Worker { retries: 1, optional: false, permissive: false },
        Node::Worker { retries: 0, optional: true, permissive: false },
        Node::Worker { retries: 0, optional: false, permissive: true },
        Node::Inline,
        Node::Broken,
        Node::Become,
        Node::Wait,
        Node::Sub,
        Node::Terminate("FAILED"),
    ];
    let (definitions, states) = world(3, &leaves);
    assert!(definitions > 4_000 && states > 20_000, "{definitions} definitions, {states} states");
}
