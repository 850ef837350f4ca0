//! Resolves a compiled template against a document.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::budget::Budget;
use super::document::{Document, Field, Lookup, Source};
use super::limits::{DESCENT_TASKS_MAX, EXPRESSION_LENGTH_MAX, Limit};
use super::path::{Path, Root, Start, Stop, evaluate};
use super::reference::{Reference, Scope, scope_of};
use super::target::Target;
use super::template::{Expression, Node, Segment};
use super::text;

/// Why a template has no value yet, or none at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unresolved<K> {
    /// Fetch these and resolve again. Never empty; each field once.
    #[error("{} payloads have to be fetched first", .0.len())]
    Unavailable(Vec<K>),
    /// Will not work: a limit was met.
    #[error(transparent)]
    Limit(Limit),
}

/// See [`super::Template::resolve`].
pub(super) fn resolve<D: Document>(node: &Node, document: &D) -> Result<Value, Unresolved<D::Key>> {
    let mut resolution = Resolution {
        document,
        budget: Budget::new(),
        loaded: Loaded::default(),
        missing: Missing { fields: BTreeSet::new(), keys: Vec::new() },
    };
    let value = resolution.node(node).map_err(Unresolved::Limit)?;
    if resolution.missing.keys.is_empty() {
        Ok(value)
    } else {
        Err(Unresolved::Unavailable(resolution.missing.keys))
    }
}

/// One pass over a template. Where something is missing it goes on with null, so that one pass
/// finds everything that is missing.
struct Resolution<'d, D: Document> {
    document: &'d D,
    budget: Budget,
    loaded: Loaded<'d>,
    missing: Missing<D::Key>,
}

struct Missing<K> {
    fields: BTreeSet<(Source, Field)>,
    keys: Vec<K>,
}

impl<D: Document> Resolution<'_, D> {
    fn node(&mut self, node: &Node) -> Result<Value, Limit> {
        match node {
            Node::Constant(value) => {
                self.budget.produce_value(value)?;
                Ok(value.clone())
            }
            Node::List(nodes) => {
                let items: Result<Vec<Value>, Limit> =
                    nodes.iter().map(|node| self.node(node)).collect();
                Ok(Value::Array(items?))
            }
            Node::Map(nodes) => {
                let mut map = Map::new();
                for (key, node) in nodes {
                    self.budget.produce(key.len())?;
                    map.insert(key.clone(), self.node(node)?);
                }
                Ok(Value::Object(map))
            }
            Node::Text(segments) => match segments.as_slice() {
                [Segment::Expression(expression)] => self.expression(expression),
                segments => self.text(segments).map(Value::String),
            },
        }
    }

    fn text(&mut self, segments: &[Segment]) -> Result<String, Limit> {
        let mut out = String::new();
        for segment in segments {
            match segment {
                Segment::Literal(literal) => {
                    self.budget.produce(literal.len())?;
                    out.push_str(literal);
                }
                Segment::Expression(expression) => {
                    let value = self.expression(expression)?;
                    text::append(&mut out, &value, self.document.rendering());
                }
            }
        }
        Ok(out)
    }

    fn expression(&mut self, expression: &Expression) -> Result<Value, Limit> {
        match expression {
            Expression::TooBig(limit) => Err(*limit),
            Expression::Fixed { text, target } => self.target(text, target),
            Expression::Dynamic(segments) => {
                let missing_before = self.missing.keys.len();
                let path = self.text(segments)?;
                if self.missing.keys.len() > missing_before {
                    return Ok(Value::Null);
                }
                if path.len() > EXPRESSION_LENGTH_MAX {
                    return Err(Limit::ExpressionLength);
                }
                let target = Target::parse(&path);
                self.target(&path, &target)
            }
        }
    }

    fn target(&mut self, text: &str, target: &Target) -> Result<Value, Limit> {
        let literal = || Value::String(format!("${{{text}}}"));
        Ok(match target {
            Target::TooBig(limit) => return Err(*limit),
            Target::Blank => Value::String(String::new()),
            Target::Invalid => Value::Null,
            Target::Secret => literal(),
            Target::System(parameter) => {
                self.document.system(*parameter).map_or_else(literal, Value::String)
            }
            Target::Environment { name, path } => {
                let found = self.document.environment(name);
                match (found, path) {
                    (None, _) => Value::Null,
                    (Some(value), None) => Value::String(value),
                    (Some(value), Some(path)) => inside_json(&value, path, &mut self.budget)?,
                }
            }
            Target::Path(path, references) => {
                let mut complete = true;
                for reference in references {
                    complete &= self.load(reference)?;
                }
                if !complete {
                    return Ok(Value::Null);
                }
                null_if_invalid(evaluate(path, &self.loaded, &mut self.budget))?
            }
        })
    }

    /// Looks a reference up; `false` if something of it has to be fetched.
    fn load(&mut self, reference: &Reference) -> Result<bool, Limit> {
        match &reference.scope {
            Scope::Field(source, field) => Ok(self.load_field(source, *field)),
            Scope::Source(source) => Ok(self.load_source(source)),
            Scope::Document => {
                let document = self.document;
                let names = self.loaded.tasks.get_or_insert_with(|| document.task_references());
                if names.len() > DESCENT_TASKS_MAX {
                    return Err(Limit::DescentTasks);
                }
                let mut complete = self.load_source(&Source::Workflow);
                for name in self.loaded.tasks.clone().unwrap_or_default() {
                    complete &= self.load_source(&Source::Task(name));
                }
                Ok(complete)
            }
        }
    }

    fn load_source(&mut self, source: &Source) -> bool {
        let mut complete = true;
        for field in source.fields() {
            complete &= self.load_field(source, *field);
        }
        complete
    }

    fn load_field(&mut self, source: &Source, field: Field) -> bool {
        let key = (source.clone(), field);
        if self.loaded.values.contains_key(&key) {
            return true;
        }
        if self.missing.fields.contains(&key) {
            return false;
        }
        match self.document.lookup(source, field) {
            Lookup::Value(value) => {
                self.loaded.values.insert(key, Some(value));
                true
            }
            Lookup::Absent => {
                self.loaded.values.insert(key, None);
                true
            }
            Lookup::Unavailable(missing) => {
                self.missing.fields.insert(key);
                self.missing.keys.push(missing);
                false
            }
        }
    }
}

/// An invalid path reads as null (`conductor-semantics` 7.2 rule 6).
fn null_if_invalid(result: Result<Value, Stop>) -> Result<Value, Limit> {
    match result {
        Ok(value) => Ok(value),
        Err(Stop::Invalid) => Ok(Value::Null),
        Err(Stop::Limit(limit)) => Err(limit),
    }
}

/// Follows a path inside a text that holds JSON; a text that does not has nothing inside.
pub(super) fn inside_json(json: &str, path: &Path, budget: &mut Budget) -> Result<Value, Limit> {
    struct Whole(Value);
    impl Root for Whole {
        fn start(&self, _: &Path, _: &mut Budget) -> Result<Option<Start<'_>>, Limit> {
            Ok(Some(Start { value: Cow::Borrowed(&self.0), steps_done: 0 }))
        }
    }
    match serde_json::from_str(json) {
        Ok(value) => null_if_invalid(evaluate(path, &Whole(value), budget)),
        Err(_) => Ok(Value::Null),
    }
}

/// The fields looked up so far in one pass.
#[derive(Default)]
struct Loaded<'d> {
    values: BTreeMap<(Source, Field), Option<Cow<'d, Value>>>,
    tasks: Option<Vec<String>>,
}

impl Root for Loaded<'_> {
    fn start(&self, path: &Path, budget: &mut Budget) -> Result<Option<Start<'_>>, Limit> {
        Ok(match scope_of(path) {
            None => None,
            Some(Scope::Field(source, field)) => self
                .values
                .get(&(source, field))
                .and_then(Option::as_deref)
                .map(|value| Start { value: Cow::Borrowed(value), steps_done: 2 }),
            Some(Scope::Source(source)) => self
                .whole(&source, budget)?
                .map(|value| Start { value: Cow::Owned(value), steps_done: 1 }),
            Some(Scope::Document) => {
                let mut map = Map::new();
                let tasks = self.tasks.iter().flatten().cloned().map(Source::Task);
                for source in std::iter::once(Source::Workflow).chain(tasks) {
                    if let Some(value) = self.whole(&source, budget)? {
                        let name = match source {
                            Source::Workflow => "workflow".to_owned(),
                            Source::Task(name) => name,
                        };
                        map.insert(name, value);
                    }
                }
                Some(Start { value: Cow::Owned(Value::Object(map)), steps_done: 0 })
            }
        })
    }
}

impl Loaded<'_> {
    /// All fields of a source as one map; `None` if it has none.
    fn whole(&self, source: &Source, budget: &mut Budget) -> Result<Option<Value>, Limit> {
        let mut map = Map::new();
        for field in source.fields() {
            if let Some(Some(value)) = self.values.get(&(source.clone(), *field)) {
                budget.produce_value(value)?;
                map.insert(field.as_str().to_owned(), value.as_ref().clone());
            }
        }
        Ok(if map.is_empty() { None } else { Some(Value::Object(map)) })
    }
}
