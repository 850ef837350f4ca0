//! Builds the step table: one pass over the nested task lists.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fermata_types::Span;
use serde_json::{Map, Value};

use crate::definition::compile::CompileError;
use crate::definition::model::{After, DecidedBy, Evaluator, Items, Keep, Kind, Step, StepId};
use crate::definition::policy::TaskPolicy;
use crate::expression::Template;
use crate::task_kinds::inside;

/// Types the reference server performs itself and this version does not have yet. As worker tasks
/// they would wait for ever, so a definition that uses them is refused.
const LATER: &[&str] = &["EVENT", "KAFKA_PUBLISH", "START_WORKFLOW"];

/// Levels of nested tasks; deeper definitions are refused before they reach the stack's end.
const NESTING_MAX: usize = 64;

/// Collects steps; children are numbered after their container.
pub(super) struct Builder {
    workflow: String,
    steps: Vec<Option<Step>>,
    ids: BTreeMap<String, StepId>,
    pending_joins: Vec<(StepId, Vec<String>)>,
    pending_exclusive_joins: Vec<(StepId, [Vec<String>; 2])>,
    /// The dynamic fork before a JOIN, by the JOIN.
    dynamic_joins: BTreeMap<StepId, StepId>,
    /// Id of the first step: 0 for a definition, behind it for a branch made from data.
    base: u32,
    depth: usize,
}

fn text<'a>(task: &'a Map<String, Value>, field: &str) -> Option<&'a str> {
    task.get(field).and_then(Value::as_str)
}

fn flag(task: &Map<String, Value>, field: &str) -> bool {
    task.get(field).and_then(Value::as_bool).unwrap_or(false)
}

impl Builder {
    pub(super) fn new(workflow: String) -> Self {
        Self::at(workflow, StepId(0))
    }

    /// Numbers its steps from `base`.
    pub(super) fn at(workflow: String, base: StepId) -> Self {
        Self {
            workflow,
            steps: Vec::new(),
            ids: BTreeMap::new(),
            pending_joins: Vec::new(),
            pending_exclusive_joins: Vec::new(),
            dynamic_joins: BTreeMap::new(),
            base: base.0,
            depth: 0,
        }
    }

    fn next_id(&self) -> StepId {
        let made = u32::try_from(self.steps.len()).unwrap_or(u32::MAX);
        StepId(self.base.saturating_add(made))
    }

    const fn index(&self, id: StepId) -> usize {
        id.0.saturating_sub(self.base) as usize
    }

    /// The finished table, with JOIN names turned into ids.
    pub(super) fn into_steps(mut self) -> Vec<Step> {
        let mut steps: Vec<Step> = std::mem::take(&mut self.steps).into_iter().flatten().collect();
        for (join, names) in std::mem::take(&mut self.pending_joins) {
            let fork = self.dynamic_joins.get(&join).copied();
            // What a dynamic fork made is waited for, whatever the definition names.
            let names = if fork.is_some() { Vec::new() } else { names };
            let (on, unknown) = self.named_steps(&steps, join, &names);
            if let Some(step) = steps.get_mut(self.index(join)) {
                step.kind = Kind::Join { names, on, unknown, fork };
            }
        }
        for (join, [on, defaults]) in std::mem::take(&mut self.pending_exclusive_joins) {
            let (on, _) = self.named_steps(&steps, join, &on);
            let (defaults, _) = self.named_steps(&steps, join, &defaults);
            if let Some(step) = steps.get_mut(self.index(join)) {
                step.kind = Kind::ExclusiveJoin { on, defaults };
            }
        }
        steps
    }

    /// The steps of those names that stand in the same loop body, each once, and how many names
    /// have none.
    fn named_steps(&self, steps: &[Step], join: StepId, names: &[String]) -> (Vec<StepId>, u32) {
        let place = steps.get(self.index(join)).and_then(|step| step.enclosing_loop);
        let mut on: Vec<StepId> = Vec::new();
        let mut unknown = BTreeSet::new();
        for name in names {
            let found = self.ids.get(name).filter(|id| {
                steps.get(self.index(**id)).is_some_and(|step| step.enclosing_loop == place)
            });
            match found {
                Some(id) if on.contains(id) => {}
                Some(id) => on.push(*id),
                None => {
                    unknown.insert(name);
                }
            }
        }
        (on, u32::try_from(unknown.len()).unwrap_or(u32::MAX))
    }

    /// Adds a task list; answers its first step. `after` is what follows the last one.
    pub(super) fn sequence(
        &mut self,
        list: &Value,
        after: After,
        enclosing_loop: Option<StepId>,
        path: &str,
    ) -> Result<Option<StepId>, CompileError> {
        self.depth += 1;
        if self.depth > NESTING_MAX {
            let what = format!("tasks are nested deeper than {NESTING_MAX} levels");
            return Err(CompileError::Invalid { path: path.to_owned(), what });
        }
        let tasks = list.as_array().map_or(&[][..], Vec::as_slice);
        let mut first = None;
        let mut previous: Option<StepId> = None;
        for (at, task) in tasks.iter().enumerate() {
            let id =
                self.step(task, tasks.get(at + 1), enclosing_loop, &format!("{path}[{at}]"))?;
            self.set_after(previous, After::Step(id));
            first = first.or(Some(id));
            previous = Some(id);
        }
        self.set_after(previous, after);
        self.depth -= 1;
        Ok(first)
    }

    fn set_after(&mut self, step: Option<StepId>, after: After) {
        let Some(index) = step.map(|id| self.index(id)) else { return };
        if let Some(Some(step)) = self.steps.get_mut(index) {
            step.after = after;
        }
    }

    fn step(
        &mut self,
        value: &Value,
        following: Option<&Value>,
        enclosing_loop: Option<StepId>,
        path: &str,
    ) -> Result<StepId, CompileError> {
        let invalid =
            |what: &str| CompileError::Invalid { path: path.to_owned(), what: what.to_owned() };
        let task = value.as_object().ok_or_else(|| invalid("a task is not an object"))?;
        let reference =
            text(task, "taskReferenceName").ok_or_else(|| invalid("no taskReferenceName"))?;
        let id = self.next_id();
        if self.ids.insert(reference.to_owned(), id).is_some() {
            return Err(CompileError::Duplicate {
                reference: reference.to_owned(),
                workflow: self.workflow.clone(),
            });
        }
        self.steps.push(None);
        let place = Place { id, enclosing_loop, path };
        let kind = self.kind(task, following, &place)?;
        let step = assemble(task, value, reference, kind, &place);
        let index = self.index(id);
        if let Some(slot) = self.steps.get_mut(index) {
            *slot = Some(step);
        }
        Ok(id)
    }

    fn kind(
        &mut self,
        task: &Map<String, Value>,
        following: Option<&Value>,
        place: &Place<'_>,
    ) -> Result<Kind, CompileError> {
        let name = text(task, "name").unwrap_or("");
        Ok(match text(task, "type").unwrap_or("SIMPLE") {
            "SIMPLE" => Kind::Worker { task_type: name.to_owned() },
            "SWITCH" => self.switch(task, place)?,
            "DECISION" => self.decision(task, place)?,
            "INLINE" => Kind::Inline,
            "JSON_JQ_TRANSFORM" => Kind::JsonJqTransform,
            "LAMBDA" => Kind::Lambda,
            "SET_VARIABLE" => Kind::SetVariable,
            "TERMINATE" => Kind::Terminate,
            "FORK_JOIN" => self.fork(task, following, place)?,
            "JOIN" => {
                self.pending_joins.push((place.id, names(task.get("joinOn"))));
                Kind::Join { names: Vec::new(), on: Vec::new(), unknown: 0, fork: None }
            }
            "EXCLUSIVE_JOIN" => {
                let named = ["joinOn", "defaultExclusiveJoinTask"].map(|it| names(task.get(it)));
                self.pending_exclusive_joins.push((place.id, named));
                Kind::ExclusiveJoin { on: Vec::new(), defaults: Vec::new() }
            }
            "FORK_JOIN_DYNAMIC" => self.dynamic_fork(task, following, place),
            "DYNAMIC" => {
                let parameter = text(task, "dynamicTaskNameParam").unwrap_or("").to_owned();
                Kind::Dynamic { parameter }
            }
            "DO_WHILE" => self.do_while(task, place)?,
            "SUB_WORKFLOW" => Kind::SubWorkflow {
                params: Template::parse(task.get("subWorkflowParam").unwrap_or(&Value::Null)),
            },
            "WAIT" => Kind::Wait,
            "HUMAN" => Kind::Human,
            "PULL_WORKFLOW_MESSAGES" => Kind::PullMessages,
            "NOOP" => Kind::Noop,
            later if LATER.contains(&later) => {
                return Err(CompileError::Unsupported {
                    path: place.path.to_owned(),
                    kind: later.to_owned(),
                });
            }
            other => Kind::Worker { task_type: other.to_owned() },
        })
    }

    fn switch(
        &mut self,
        task: &Map<String, Value>,
        place: &Place<'_>,
    ) -> Result<Kind, CompileError> {
        let (cases, default) = self.branches(task, place)?;
        Ok(Kind::Switch {
            evaluator: Evaluator::named(text(task, "evaluatorType").unwrap_or("")),
            expression: Arc::from(text(task, "expression").unwrap_or("")),
            cases,
            default,
        })
    }

    fn decision(
        &mut self,
        task: &Map<String, Value>,
        place: &Place<'_>,
    ) -> Result<Kind, CompileError> {
        let (cases, default) = self.branches(task, place)?;
        let script = text(task, "caseExpression").filter(|script| !script.trim().is_empty());
        let by = match script {
            Some(script) => DecidedBy::Script(Arc::from(script)),
            None => DecidedBy::Input(text(task, "caseValueParam").unwrap_or("").to_owned()),
        };
        Ok(Kind::Decision { by, cases, default })
    }

    /// Cases and default of a SWITCH or DECISION.
    fn branches(
        &mut self,
        task: &Map<String, Value>,
        place: &Place<'_>,
    ) -> Result<Branches, CompileError> {
        let end = After::SwitchEnd(place.id);
        let mut cases = Vec::new();
        for (case, list) in
            task.get("decisionCases").and_then(Value::as_object).into_iter().flatten()
        {
            let path = format!("{}.decisionCases.{case}", place.path);
            let first = self.sequence(list, end, place.enclosing_loop, &path)?;
            cases.push((case.clone(), first));
        }
        let path = format!("{}.defaultCase", place.path);
        let list = task.get("defaultCase").unwrap_or(&Value::Null);
        let default = self.sequence(list, end, place.enclosing_loop, &path)?;
        Ok((cases, default))
    }

    fn fork(
        &mut self,
        task: &Map<String, Value>,
        following: Option<&Value>,
        place: &Place<'_>,
    ) -> Result<Kind, CompileError> {
        let mut branches = Vec::new();
        let lists = task.get("forkTasks").and_then(Value::as_array);
        for (at, list) in lists.into_iter().flatten().enumerate() {
            let path = format!("{}.forkTasks[{at}]", place.path);
            branches.extend(self.sequence(list, After::BranchEnd, place.enclosing_loop, &path)?);
        }
        Ok(Kind::Fork { branches, join: self.join_after(following) })
    }

    /// The JOIN that stands right after a fork in the list, so its id is the next one given.
    fn join_after(&self, following: Option<&Value>) -> Option<StepId> {
        let kind = following.and_then(|next| next.get("type")).and_then(Value::as_str);
        (kind == Some("JOIN")).then(|| self.next_id())
    }

    fn dynamic_fork(
        &mut self,
        task: &Map<String, Value>,
        following: Option<&Value>,
        place: &Place<'_>,
    ) -> Kind {
        let join = self.join_after(following);
        if let Some(join) = join {
            self.dynamic_joins.insert(join, place.id);
        }
        let named = |field| text(task, field).map(str::to_owned);
        let join_tasks = named("dynamicForkJoinTasksParam");
        Kind::DynamicFork {
            tasks: named("dynamicForkTasksParam"),
            inputs: named("dynamicForkTasksInputParamName"),
            join_tasks,
            join,
        }
    }

    fn do_while(
        &mut self,
        task: &Map<String, Value>,
        place: &Place<'_>,
    ) -> Result<Kind, CompileError> {
        let path = format!("{}.loopOver", place.path);
        let list = task.get("loopOver").unwrap_or(&Value::Null);
        let body = self.sequence(list, After::LoopEnd, Some(place.id), &path)?;
        let condition = Arc::from(text(task, "loopCondition").unwrap_or(""));
        Ok(Kind::DoWhile { condition, body, items: items(task), keep: keep(task) })
    }
}

/// First step of each case, and of the default.
type Branches = (Vec<(String, Option<StepId>)>, Option<StepId>);

fn input<'a>(task: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    task.get("inputParameters")?.as_object()?.get(name)
}

fn items(task: &Map<String, Value>) -> Items {
    let is_blank = |value: &Value| value.as_str().is_some_and(|text| text.trim().is_empty());
    match task.get("items").filter(|items| !items.is_null() && !is_blank(items)) {
        Some(items) => Items::Field(Template::parse(items)),
        None if input(task, "_items").is_some() => Items::Input,
        None => Items::None,
    }
}

fn keep(task: &Map<String, Value>) -> Keep {
    match input(task, "keepLastN") {
        None | Some(Value::Null) => Keep::All,
        Some(Value::String(_)) => Keep::Input,
        Some(count) => Keep::of(count),
    }
}

/// Where a step stands.
struct Place<'a> {
    id: StepId,
    enclosing_loop: Option<StepId>,
    path: &'a str,
}

fn names(list: Option<&Value>) -> Vec<String> {
    let items = list.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn assemble(
    task: &Map<String, Value>,
    value: &Value,
    reference: &str,
    kind: Kind,
    place: &Place<'_>,
) -> Step {
    let definition = task.get("taskDefinition").filter(|found| found.is_object());
    let template = definition
        .and_then(|found| found.get("inputTemplate"))
        .and_then(Value::as_object)
        .filter(|_| takes_input_template(&kind));
    let mut input = task.get("inputParameters").and_then(Value::as_object).cloned();
    for (key, default) in template.into_iter().flatten() {
        let map = input.get_or_insert_default();
        if !map.contains_key(key) {
            map.insert(key.clone(), default.clone());
        }
    }
    let retries = task.get("retryCount").and_then(Value::as_u64);
    let inside = text(task, "type").is_some_and(|kind| inside::TYPES.contains(&kind));
    let mut policy = TaskPolicy::read(
        definition.unwrap_or(&Value::Null),
        retries.map(|count| u32::try_from(count).unwrap_or(u32::MAX)),
    );
    if inside && policy.response_timeout == Span::ZERO {
        policy.response_timeout = inside::RESPONSE_TIMEOUT;
    }
    Step {
        id: place.id,
        reference: reference.to_owned(),
        name: text(task, "name").unwrap_or("").to_owned(),
        task_type: task_type(task, &kind),
        kind,
        inside,
        async_complete: flag(task, "asyncComplete"),
        input: Template::parse(&Value::Object(input.unwrap_or_default())),
        input_defaults: template
            .into_iter()
            .flatten()
            .map(|(key, default)| (key.clone(), default.clone()))
            .collect(),
        policy,
        optional: flag(task, "optional"),
        permissive: flag(task, "permissive"),
        start_delay: Span::from_seconds(
            task.get("startDelay").and_then(Value::as_i64).unwrap_or(0).max(0),
        ),
        after: After::RunEnd,
        enclosing_loop: place.enclosing_loop,
        joins: Vec::new(),
        json: Arc::from(value.to_string()),
        definition_json: definition.map(|found| Arc::from(found.to_string())),
    }
}

/// `WAIT`, `HUMAN`, `TERMINATE` and `SWITCH` ignore the template (`conductor-semantics` 5).
const fn takes_input_template(kind: &Kind) -> bool {
    !matches!(kind, Kind::Wait | Kind::Human | Kind::Terminate | Kind::Switch { .. })
}

fn task_type(task: &Map<String, Value>, kind: &Kind) -> String {
    match kind {
        Kind::Worker { task_type } => task_type.clone(),
        Kind::Fork { .. } | Kind::DynamicFork { .. } => "FORK".to_owned(),
        _ => text(task, "type").unwrap_or("SIMPLE").to_owned(),
    }
}
