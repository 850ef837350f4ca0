//! All steps of a definition, with their places.

use serde_json::{Map, Value};

use super::finding::Report;
use super::limits::{TASK_DEPTH_MAX, TASKS_MAX};
use super::options::Options;
use super::read;

/// A workflow definition and its steps.
pub(super) struct Definition<'a> {
    pub(super) map: &'a Map<String, Value>,
    /// Every step, in the order of the text.
    pub(super) steps: Vec<Step<'a>>,
    pub(super) options: &'a Options<'a>,
}

/// A step of a definition.
pub(super) struct Step<'a> {
    /// `tasks[0].loopOver[1]`.
    pub(super) path: String,
    pub(super) map: &'a Map<String, Value>,
    pub(super) place: Place,
    pub(super) options: &'a Options<'a>,
}

/// Where a step is, which decides what is checked (`conductor-rest` 8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In the definition's own list.
    Top,
    /// In a branch.
    Branch,
    /// In the body of a loop, at any depth: the reference server does not look there, and
    /// definitions that it accepts have to stay accepted.
    Loop,
}

impl Step<'_> {
    /// Its type, `SIMPLE` if none is given.
    pub(super) fn kind(&self) -> &str {
        read::text(self.map, "type")
            .or_else(|| read::text(self.map, "workflowTaskType"))
            .unwrap_or("SIMPLE")
    }

    pub(super) fn name(&self) -> &str {
        read::text(self.map, "name").unwrap_or("")
    }

    pub(super) fn field(&self, field: &str) -> String {
        format!("{}.{field}", self.path)
    }

    pub(super) fn inputs(&self) -> Option<&Map<String, Value>> {
        self.map.get("inputParameters").and_then(Value::as_object)
    }

    /// Reports a missing field in the reference server's words, on the step as a whole.
    pub(super) fn require(&self, field: &str, report: &mut Report) {
        let message = format!(
            "{field} field is required for taskType: {} taskName: {}",
            self.kind(),
            self.name()
        );
        report.add(self.path.clone(), message, None);
    }

    /// Reports a list or map without elements.
    pub(super) fn require_elements(&self, field: &str, report: &mut Report) {
        let message = format!(
            "{field} should have atleast one task for taskType: {} taskName: {}",
            self.kind(),
            self.name()
        );
        report.add(self.path.clone(), message, None);
    }

    /// Whether an input of this name is given here or by the task definition's template.
    pub(super) fn has_input(&self, key: &str) -> bool {
        self.inputs().is_some_and(|inputs| inputs.contains_key(key))
            || (self.options.in_input_template)(self.name(), key)
    }
}

/// Collects the steps of a definition; over a limit it reports that and stops.
pub(super) fn collect<'a>(
    map: &'a Map<String, Value>,
    options: &'a Options<'a>,
    report: &mut Report,
) -> Vec<Step<'a>> {
    let mut collector = Collector { steps: Vec::new(), options, report, is_full: false };
    collector.list(map.get("tasks"), "tasks", Place::Top, 1);
    collector.steps
}

struct Collector<'a, 'r> {
    steps: Vec<Step<'a>>,
    options: &'a Options<'a>,
    report: &'r mut Report,
    is_full: bool,
}

impl<'a> Collector<'a, '_> {
    fn list(&mut self, list: Option<&'a Value>, path: &str, place: Place, depth: usize) {
        for (index, value) in list.and_then(Value::as_array).into_iter().flatten().enumerate() {
            self.step(value, format!("{path}[{index}]"), place, depth);
        }
    }

    fn step(&mut self, value: &'a Value, path: String, place: Place, depth: usize) {
        if self.is_full {
            return;
        }
        if depth > TASK_DEPTH_MAX {
            let message = format!("tasks are nested deeper than {TASK_DEPTH_MAX} levels");
            self.report.add(path, message, None);
            return;
        }
        if self.steps.len() >= TASKS_MAX {
            self.is_full = true;
            self.report.add("tasks", format!("there are more than {TASKS_MAX} tasks"), None);
            return;
        }
        let Value::Object(map) = value else {
            self.report.add(path, "a task must be an object", Some(value));
            return;
        };
        self.steps.push(Step { path: path.clone(), map, place, options: self.options });
        let branch = if place == Place::Loop { Place::Loop } else { Place::Branch };
        if let Some(Value::Object(cases)) = map.get("decisionCases") {
            for (case, list) in cases {
                let path = format!("{path}.decisionCases[{case}]");
                self.lists(list, &path, branch, depth);
            }
        }
        self.list(map.get("defaultCase"), &format!("{path}.defaultCase"), branch, depth + 1);
        for (index, list) in
            map.get("forkTasks").and_then(Value::as_array).into_iter().flatten().enumerate()
        {
            self.lists(list, &format!("{path}.forkTasks[{index}]"), branch, depth);
        }
        self.list(map.get("loopOver"), &format!("{path}.loopOver"), Place::Loop, depth + 1);
    }

    /// A list inside a list or map, whose type nothing else has checked.
    fn lists(&mut self, list: &'a Value, path: &str, place: Place, depth: usize) {
        if !list.is_array() && !list.is_null() {
            self.report.add(path, "a branch must be a list of tasks", Some(list));
        }
        self.list(Some(list), path, place, depth + 1);
    }
}
