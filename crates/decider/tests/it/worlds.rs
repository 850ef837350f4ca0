//! Small definitions as trees, for tests that make many of them, and what can be done to the runs
//! made from them.

use std::sync::Arc;

use fermata_decider::definition::{Kind, Workflow};
use fermata_types::TaskNumber;
use serde_json::{Value, json};

use crate::bench::steps::{
    fork, inline, join, keep_last, repeat, set, simple, step, step_with, sub_workflow, switch,
    terminate, with,
};
use crate::bench::{Bench, Catalog, given_compiled};

/// One place in a small definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// A worker's task with so many retries, perhaps tolerated.
    Worker {
        retries: u32,
        optional: bool,
        permissive: bool,
    },
    Inline,
    /// An INLINE that fails.
    Broken,
    Set,
    Wait,
    /// A WAIT that ends by itself.
    Timed,
    Human,
    Pull,
    /// A child with one worker's task.
    Sub,
    Terminate(&'static str),
    /// A START_WORKFLOW of a run with one worker's task, or of one that nobody registered.
    Start(&'static str),
    /// A SWITCH that takes its case, or its default.
    Switch {
        hits: bool,
        case: Vec<Node>,
        default: Vec<Node>,
    },
    /// A loop of that many iterations.
    Loop {
        iterations: u32,
        body: Vec<Node>,
    },
    /// The older form of the same.
    Decision {
        hits: bool,
        case: Vec<Node>,
        default: Vec<Node>,
    },
    /// A LAMBDA that fails.
    Lambda,
    /// A loop of that many iterations of which only the last stay.
    Keeps {
        iterations: u32,
        keep: u32,
        body: Vec<Node>,
    },
    /// A loop over a list of that many items.
    Each {
        items: u32,
        body: Vec<Node>,
    },
    /// Branches and their JOIN, which names the last task of each that has one.
    Fork(Vec<Vec<Node>>),
    /// A DYNAMIC task that becomes a worker's.
    Become,
    /// A dynamic fork of a branch each, and its JOIN.
    Spread(Vec<Node>),
    /// Tasks in a branch of a SWITCH, and an EXCLUSIVE_JOIN over the last of them.
    Exclusive(Vec<Node>),
}

/// A worker's task that is not retried.
pub const WORKER: Node = Node::Worker { retries: 0, optional: false, permissive: false };

/// The step lists of a tree, each reference used once.
pub fn steps(nodes: &[Node], next: &mut u32) -> Vec<Value> {
    let mut list = Vec::new();
    for node in nodes {
        *next += 1;
        let name = format!("t{next}");
        let made = match node {
            Node::Switch { hits, case, default } => {
                let on = if *hits { "hit" } else { "miss" };
                let case = steps(case, next);
                switch(&name, on, json!({ "hit": case }), json!(steps(default, next)))
            }
            Node::Loop { iterations, body } => {
                let body = steps(body, next);
                repeat(&name, &format!("$.{name}.iteration < {iterations}"), json!(body))
            }
            Node::Decision { hits, case, default } => {
                let on = if *hits { "hit" } else { "miss" };
                let case = steps(case, next);
                let more = json!({
                    "caseValueParam": "on", "inputParameters": { "on": on },
                    "decisionCases": { "hit": case }, "defaultCase": steps(default, next),
                });
                with(step("DECISION", &name), more)
            }
            Node::Keeps { iterations, keep, body } => {
                let body = steps(body, next);
                let condition = format!("$.{name}.iteration < {iterations}");
                keep_last(repeat(&name, &condition, json!(body)), *keep)
            }
            Node::Each { items, body } => {
                let body = steps(body, next);
                let list: Vec<u32> = (0..*items).collect();
                let more = json!({ "inputParameters": { "_items": list } });
                with(repeat(&name, "", json!(body)), more)
            }
            Node::Fork(branches) => {
                let branches: Vec<Vec<Value>> =
                    branches.iter().map(|branch| steps(branch, next)).collect();
                let last = branches.iter().filter_map(|branch| branch.last());
                let on: Vec<&str> =
                    last.filter_map(|step| step.get("taskReferenceName")?.as_str()).collect();
                let join = join(&format!("j{name}"), &on);
                list.push(fork(&name, json!(branches)));
                join
            }
            Node::Spread(branches) => {
                let branches: Vec<Value> =
                    branches.iter().map(|branch| single(branch, next)).collect();
                list.push(spread(&name, json!(branches)));
                join(&format!("j{name}"), &[])
            }
            Node::Exclusive(inside) => {
                let inside = steps(inside, next);
                let last = inside.last().and_then(|step| step.get("taskReferenceName")?.as_str());
                let on = last.unwrap_or(&name).to_owned();
                list.push(switch(&name, "hit", json!({ "hit": inside }), json!([])));
                let more = json!({ "joinOn": [on], "defaultExclusiveJoinTask": [name] });
                with(step("EXCLUSIVE_JOIN", &format!("x{name}")), more)
            }
            leaf => alone(leaf, &name),
        };
        list.push(made);
    }
    list
}

/// A node without others inside, as a step.
fn alone(node: &Node, name: &str) -> Value {
    match node {
        Node::Worker { retries, optional, permissive } => with(
            simple(name),
            json!({
                "retryCount": retries, "optional": optional, "permissive": permissive,
            }),
        ),
        Node::Inline => inline(name, "${workflow.input}"),
        Node::Broken => step_with("INLINE", name, json!({ "expression": "" })),
        Node::Set => set(name, json!({ "v": name })),
        Node::Wait => step("WAIT", name),
        Node::Timed => step_with("WAIT", name, json!({ "duration": "30 s" })),
        Node::Human => step("HUMAN", name),
        Node::Pull => step("PULL_WORKFLOW_MESSAGES", name),
        Node::Sub => with(sub_workflow(name, "child"), json!({ "retryCount": 0 })),
        Node::Terminate(status) => terminate(name, status),
        Node::Start(wanted) => with(
            step_with("START_WORKFLOW", name, json!({ "startWorkflow": { "name": wanted } })),
            json!({ "retryCount": 0 }),
        ),
        Node::Lambda => step_with("LAMBDA", name, json!({ "scriptExpression": "" })),
        Node::Become => with(
            step_with("DYNAMIC", name, json!({ "which": "work" })),
            json!({ "dynamicTaskNameParam": "which", "retryCount": 1 }),
        ),
        with_others => panic!("{with_others:?} is made with what is inside"),
    }
}

/// A node as one step: what takes several stands in a SWITCH.
fn single(node: &Node, next: &mut u32) -> Value {
    let mut made = steps(std::slice::from_ref(node), next);
    if made.len() == 1 {
        return made.remove(0);
    }
    *next += 1;
    switch(&format!("t{next}"), "hit", json!({ "hit": made }), json!([]))
}

/// A dynamic fork over these tasks. The JOIN comes apart.
fn spread(name: &str, tasks: Value) -> Value {
    let names = json!({
        "dynamicForkTasksParam": "list", "dynamicForkTasksInputParamName": "given",
    });
    with(step_with("FORK_JOIN_DYNAMIC", name, json!({ "list": tasks, "given": {} })), names)
}

/// A tree, compiled once for many runs.
pub struct World {
    root: Arc<Workflow>,
    catalog: Catalog,
}

impl World {
    /// Compiles a tree.
    pub fn of(nodes: &[Node]) -> Self {
        let definition = json!({ "name": "w", "tasks": steps(nodes, &mut 0) });
        let x = with(simple("x"), json!({ "retryCount": 0 }));
        let catalog = Catalog::default().workflow(json!({ "name": "child", "tasks": [x] }));
        let root = Arc::new(catalog.compile(definition).expect("small worlds compile"));
        Self { root, catalog }
    }

    /// A run that the bench checks in every way.
    pub fn start(&self) -> Bench {
        given_compiled(self.root.clone(), self.catalog.clone())
            .silent(5_000)
            .start(json!({ "n": 1 }))
    }

    /// A run without the checks that read all of its history.
    pub fn start_quick(&self) -> Bench {
        given_compiled(self.root.clone(), self.catalog.clone())
            .silent(5_000)
            .quick()
            .start(json!({ "n": 1 }))
    }
}

/// Open tasks that somebody outside can end, as run index and number.
pub fn open(bench: &Bench) -> Vec<(usize, TaskNumber)> {
    let mut open = Vec::new();
    for (index, driven) in bench.runs.iter().enumerate() {
        let run = &driven.run;
        if run.status.is_terminal() {
            continue;
        }
        let tasks = run.tasks.iter().filter(|task| {
            let kind = &run.step_of(task).kind;
            !task.status.is_terminal()
                && matches!(
                    kind,
                    Kind::Worker { .. } | Kind::Wait | Kind::Human | Kind::PullMessages
                )
        });
        open.extend(tasks.map(|task| (index, task.number)));
    }
    open
}
