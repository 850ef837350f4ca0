//! Paths of payloads: of uploaded ones, and of those that a run or task has.

use std::fmt;

use fermata_types::{RunId, TaskId};

use super::PayloadId;

/// Input or output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Input.
    Input,
    /// Output.
    Output,
}

impl Part {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Output => "output",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Input, Self::Output].into_iter().find(|part| part.as_str() == text)
    }
}

/// Where a payload is. As text always three segments, of which none is taken for a file's name
/// unless it is an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PayloadPath {
    /// `workflow/input/<id>.json`, `task/output/<id>.json`: uploaded.
    Uploaded {
        /// For a task, not for a run.
        is_task: bool,
        /// What it is to be.
        part: Part,
        /// Its name.
        id: PayloadId,
    },
    /// `runs/<workflowId>/output.json`: a run's own.
    OfRun(RunId, Part),
    /// `tasks/<taskId>/input.json`: a task's own.
    OfTask(TaskId, Part),
}

impl PayloadPath {
    /// Reads a path; none for any other text.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut segments = text.split('/');
        let three = (segments.next()?, segments.next()?, segments.next()?);
        if segments.next().is_some() {
            return None;
        }
        Self::of_segments(three)
    }

    /// The same, of its segments.
    pub(crate) fn of_segments((first, second, third): (&str, &str, &str)) -> Option<Self> {
        let name = third.strip_suffix(".json")?;
        Some(match first {
            "runs" => Self::OfRun(second.parse().ok()?, Part::parse(name)?),
            "tasks" => Self::OfTask(second.parse().ok()?, Part::parse(name)?),
            "workflow" | "task" => Self::Uploaded {
                is_task: first == "task",
                part: Part::parse(second)?,
                id: PayloadId::parse(name)?,
            },
            _ => return None,
        })
    }
}

impl fmt::Display for PayloadPath {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uploaded { is_task, part, id } => {
                let owner = if *is_task { "task" } else { "workflow" };
                write!(out, "{owner}/{}/{id}.json", part.as_str())
            }
            Self::OfRun(run, part) => write!(out, "runs/{run}/{}.json", part.as_str()),
            Self::OfTask(task, part) => write!(out, "tasks/{task}/{}.json", part.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_read_as_they_are_written_and_nothing_else_does() {
        let id = "018bcfe5-6800-7abc-8def-0123456789ab";
        let run = "018bcfe5-6800-7005-8000-004d00000000";
        for text in [
            format!("workflow/input/{id}.json"),
            format!("task/output/{id}.json"),
            format!("runs/{run}/output.json"),
            "tasks/018bcfe5-6800-7005-8000-004d00000003/input.json".to_owned(),
        ] {
            let path = PayloadPath::parse(&text).expect(&text);
            assert_eq!(path.to_string(), text);
        }
        for text in [
            "",
            "/",
            "//",
            "../../x.json",
            "workflow/input/../x.json",
            "workflow/input/x.json",
            &format!("workflow/input/{id}"),
            &format!("/workflow/input/{id}.json"),
            &format!("workflow/input/{id}.json/"),
            &format!("workflow/../{id}.json"),
            &format!("runs/{run}/x.json"),
            "runs/../input.json",
            &format!("tasks/{run}x/input.json"),
        ] {
            assert_eq!(PayloadPath::parse(text), None, "{text}");
        }
    }
}
