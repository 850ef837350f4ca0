//! The compiled definition: a flat table of steps that knows what follows what.

use std::collections::BTreeMap;
use std::sync::Arc;

use fermata_types::{Payload, Span};
use serde::{Deserialize, Serialize};

use crate::definition::policy::TaskPolicy;
use crate::expression::Template;

/// Hash of a resolved definition's JSON; a run names its definition by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DefinitionHash(pub [u8; 32]);

impl DefinitionHash {
    /// The hash of these JSON bytes.
    #[must_use]
    pub fn of(json: &[u8]) -> Self {
        Self(*blake3::hash(json).as_bytes())
    }
}

/// Name and version of a workflow definition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct WorkflowKey {
    /// The workflow's name.
    pub name: String,
    /// The version chosen by its author; the highest is "latest".
    pub version: i32,
}

/// A step's index in [`Workflow::steps`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StepId(pub u32);

/// What happens once a step is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// This step comes next.
    Step(StepId),
    /// The main sequence has ended.
    RunEnd,
    /// A fork's branch has ended; its JOIN counts.
    BranchEnd,
    /// One iteration of the loop around it has ended.
    LoopEnd,
    /// A branch of that SWITCH has ended: what follows the SWITCH follows.
    SwitchEnd(StepId),
}

/// What to do when a timeout is reached (`conductor-semantics` 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeoutPolicy {
    /// The attempt is TIMED_OUT and may be retried.
    Retry,
    /// The whole run is TIMED_OUT.
    TimeOutWorkflow,
    /// Nothing but a metric.
    AlertOnly,
}

/// How an expression of SWITCH or INLINE is evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evaluator {
    /// The named input is the value; evaluated natively.
    ValueParam,
    /// JavaScript, in the bounded pool.
    JavaScript,
    /// A name no evaluator answers to; the task or run fails with it.
    Unknown(String),
}

impl Evaluator {
    /// The evaluator of that name; none means JavaScript (INLINE's default).
    #[must_use]
    pub fn named(name: &str) -> Self {
        match name {
            "value-param" => Self::ValueParam,
            "javascript" | "graaljs" => Self::JavaScript,
            other => Self::Unknown(other.to_owned()),
        }
    }
}

/// What a DECISION decides by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecidedBy {
    /// JavaScript over its inputs.
    Script(Arc<str>),
    /// The input of that name.
    Input(String),
}

/// The list a DO_WHILE goes over (`conductor-semantics` 5.9).
#[derive(Debug, Clone)]
pub enum Items {
    /// None: its condition alone decides.
    None,
    /// What this resolves to (field `items`).
    Field(Template),
    /// Its input `_items`.
    Input,
}

/// How many iterations of a DO_WHILE stay in its output and its run (`keepLastN`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// All.
    All,
    /// The last ones, so many; never zero.
    Last(u32),
    /// As many as its input `keepLastN` says once it is resolved (quirk 30 fixed).
    Input,
}

impl Keep {
    /// What a resolved `keepLastN` says: a whole number above zero, also as text; anything else
    /// keeps all.
    #[must_use]
    pub fn of(count: &serde_json::Value) -> Self {
        let number = count.as_u64().or_else(|| count.as_str()?.trim().parse().ok());
        match number.map(|number| u32::try_from(number).unwrap_or(u32::MAX)) {
            None | Some(0) => Self::All,
            Some(count) => Self::Last(count),
        }
    }
}

/// What a step is, with what only that kind needs.
#[derive(Debug, Clone)]
pub enum Kind {
    /// Carried out by a worker that polls the queue of this task type.
    Worker {
        /// Queue and task type: the name for SIMPLE, the type for unknown types.
        task_type: String,
    },
    /// Chooses one of several branches.
    Switch {
        /// How `expression` is read.
        evaluator: Evaluator,
        /// Name of an input, or a script.
        expression: Arc<str>,
        /// First step of each case, in the definition's order; `None` is an empty case.
        cases: Vec<(String, Option<StepId>)>,
        /// First step when no case matches.
        default: Option<StepId>,
    },
    /// Chooses one of several branches, in the older form.
    Decision {
        /// What decides.
        by: DecidedBy,
        /// First step of each case, in the definition's order; `None` is an empty case.
        cases: Vec<(String, Option<StepId>)>,
        /// First step when no case matches, or one without steps.
        default: Option<StepId>,
    },
    /// Evaluates a script over its inputs.
    Inline,
    /// Evaluates the body of a function over its inputs, in the older form.
    Lambda,
    /// Runs a jq query over its inputs.
    JsonJqTransform,
    /// Puts its inputs into the run's variables.
    SetVariable,
    /// Ends the run.
    Terminate,
    /// Starts its branches side by side.
    Fork {
        /// First step of each branch that has one.
        branches: Vec<StepId>,
        /// The JOIN that follows; without one the run fails when it gets here.
        join: Option<StepId>,
    },
    /// Waits for the tasks it names.
    Join {
        /// `joinOn` as given.
        names: Vec<String>,
        /// The steps waited for, each once.
        on: Vec<StepId>,
        /// How many names match no step of the same loop body, or of none: they are waited for
        /// for ever (quirk 29).
        unknown: u32,
        /// The dynamic fork right before it, whose branches it waits for instead.
        fork: Option<StepId>,
    },
    /// Ends with the first of the tasks it names that exists.
    ExclusiveJoin {
        /// Looked at first; the first that has a task decides.
        on: Vec<StepId>,
        /// Looked at while that one is not done.
        defaults: Vec<StepId>,
    },
    /// Starts branches that its inputs describe.
    DynamicFork {
        /// Name of the input with the list of tasks.
        tasks: Option<String>,
        /// Name of the input with the tasks' inputs, by reference.
        inputs: Option<String>,
        /// Name of the input with tasks and inputs in one; deprecated.
        join_tasks: Option<String>,
        /// The JOIN that follows; without one the run fails when it gets here.
        join: Option<StepId>,
    },
    /// Becomes the task that one of its inputs names.
    Dynamic {
        /// Name of that input.
        parameter: String,
    },
    /// Repeats its body while a condition holds.
    DoWhile {
        /// JavaScript; true or a number above zero goes on.
        condition: Arc<str>,
        /// First step of the body.
        body: Option<StepId>,
        /// The list it goes over, if any.
        items: Items,
        /// Which iterations stay.
        keep: Keep,
    },
    /// Runs another workflow as a child and waits for it.
    SubWorkflow {
        /// `subWorkflowParam` as a template: name, version, workflowDefinition, taskToDomain …
        params: Template,
    },
    /// Waits for a time or a signal.
    Wait,
    /// Waits for a person.
    Human,
    /// Takes messages from lane `default`.
    PullMessages,
    /// Does nothing.
    Noop,
}

/// One place in a definition.
#[derive(Debug, Clone)]
pub struct Step {
    /// Its index.
    pub id: StepId,
    /// `taskReferenceName`.
    pub reference: String,
    /// `name`.
    pub name: String,
    /// `taskType` of the tasks made from it (`FORK` for `FORK_JOIN`).
    pub task_type: String,
    /// What it is.
    pub kind: Kind,
    /// Whether the server's own worker carries it out (`task_kinds::inside`).
    pub inside: bool,
    /// `asyncComplete`.
    pub async_complete: bool,
    /// `inputParameters`, with the task definition's `inputTemplate` merged under it.
    pub input: Template,
    /// Raw values of the task definition's `inputTemplate`, for keys that resolve to null.
    pub input_defaults: Vec<(String, serde_json::Value)>,
    /// Retries and timeouts.
    pub policy: TaskPolicy,
    /// A final failure is forgiven.
    pub optional: bool,
    /// A final failure ends the run only once everything else has finished.
    pub permissive: bool,
    /// Delay of the first attempt.
    pub start_delay: Span,
    /// What follows.
    pub after: After,
    /// The innermost DO_WHILE around it.
    pub enclosing_loop: Option<StepId>,
    /// JOIN steps that name this step.
    pub joins: Vec<StepId>,
    /// The step's own JSON as the API shows it (`workflowTask`).
    pub json: Arc<str>,
    /// JSON of the embedded task definition, when there is one (`taskDefinition`).
    pub definition_json: Option<Arc<str>>,
}

/// A resolved definition, compiled.
#[derive(Debug)]
pub struct Workflow {
    /// Hash of [`Self::json`].
    pub hash: DefinitionHash,
    /// Name and version.
    pub key: WorkflowKey,
    /// The resolved definition's JSON, as runs show it.
    pub json: Arc<str>,
    /// All steps; a container stands before its contents.
    pub steps: Vec<Step>,
    /// The first step; none for a definition without tasks.
    pub first: Option<StepId>,
    /// Step by reference name.
    pub references: BTreeMap<String, StepId>,
    /// `outputParameters`, when there are any.
    pub output: Option<Template>,
    /// First values of the variables.
    pub variables: Vec<(String, Payload)>,
    /// Defaults merged under the start input.
    pub input_template: serde_json::Map<String, serde_json::Value>,
    /// How long a run may take; zero for no limit.
    pub timeout: Span,
    /// What the limit does.
    pub timeout_policy: TimeoutPolicy,
}

impl Workflow {
    /// The step of that id.
    ///
    /// # Panics
    /// Never for ids this definition handed out.
    #[must_use]
    pub fn step(&self, id: StepId) -> &Step {
        self.steps.get(id.0 as usize).expect("step ids come from this definition's table")
    }

    /// What follows a step, with the ends of SWITCH branches followed to where they lead. Never
    /// answers [`After::SwitchEnd`].
    #[must_use]
    pub fn after(&self, id: StepId) -> After {
        let mut after = self.step(id).after;
        while let After::SwitchEnd(switch) = after {
            after = self.step(switch).after;
        }
        after
    }
}
