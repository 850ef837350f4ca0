//! A definition's JSON, compiled: constants stay values, texts with `${…}` become expressions.

use serde_json::Value;

use super::document::Document;
use super::limits::Limit;
use super::path::Path;
use super::reference::{self, Reference, Scope};
use super::resolve::{self, Unresolved};
use super::scan::{self, Piece};
use super::target::Target;

/// JSON whose texts may hold expressions, at any depth (never its keys). Compiled once for a
/// definition and resolved many times.
#[derive(Debug, Clone)]
pub struct Template {
    node: Node,
    references: Vec<Reference>,
}

/// A part of a template.
#[derive(Debug, Clone)]
pub(super) enum Node {
    /// Nothing to resolve in here; escapes are already taken back.
    Constant(Value),
    /// A text with at least one expression.
    Text(Vec<Segment>),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

/// A part of a text.
#[derive(Debug, Clone)]
pub(super) enum Segment {
    Literal(String),
    Expression(Expression),
}

/// `${…}`.
#[derive(Debug, Clone)]
pub(super) enum Expression {
    /// The path is known.
    Fixed { text: String, target: Target },
    /// The path has expressions inside and is known once they are resolved.
    Dynamic(Vec<Segment>),
    /// Over a limit: resolving it is an error.
    TooBig(Limit),
}

impl Template {
    /// Compiles a value. Never fails: what is no expression is a literal, an invalid path reads
    /// as null, and an expression over a limit is an error when it is resolved.
    #[must_use]
    pub fn parse(value: &Value) -> Self {
        let node = Node::parse(value);
        let mut references = Vec::new();
        node.collect_references(&mut references);
        references.sort();
        references.dedup();
        Self { node, references }
    }

    /// Whether resolving it needs no document.
    #[must_use]
    pub const fn is_constant(&self) -> bool {
        matches!(self.node, Node::Constant(_))
    }

    /// The value of a constant template.
    #[must_use]
    pub const fn constant(&self) -> Option<&Value> {
        match &self.node {
            Node::Constant(value) => Some(value),
            _ => None,
        }
    }

    /// What resolving it may read, sorted, each once. Where a path has expressions inside, only
    /// what its fixed beginning tells is listed; the rest shows as unavailable while resolving.
    #[must_use]
    pub fn references(&self) -> &[Reference] {
        &self.references
    }

    /// The value with every expression replaced, in a single pass: what an expression resolved
    /// to is not looked at again (`conductor-semantics` 7.2 rule 8).
    ///
    /// # Errors
    /// [`Unresolved::Unavailable`] with the keys of everything that has to be fetched before the
    /// next attempt, as far as this pass could tell; [`Unresolved::Limit`] if a limit was met.
    pub fn resolve<D: Document>(&self, document: &D) -> Result<Value, Unresolved<D::Key>> {
        resolve::resolve(&self.node, document)
    }
}

impl Node {
    fn parse(value: &Value) -> Self {
        match value {
            Value::String(text) => Self::parse_text(text),
            Value::Array(items) => {
                let nodes: Vec<Self> = items.iter().map(Self::parse).collect();
                match nodes.iter().map(Self::as_constant).collect() {
                    Some(constants) => Self::Constant(Value::Array(constants)),
                    None => Self::List(nodes),
                }
            }
            Value::Object(map) => {
                let nodes: Vec<(String, Self)> =
                    map.iter().map(|(key, item)| (key.clone(), Self::parse(item))).collect();
                let constants =
                    nodes.iter().map(|(key, node)| Some((key.clone(), node.as_constant()?)));
                match constants.collect() {
                    Some(constants) => Self::Constant(Value::Object(constants)),
                    None => Self::Map(nodes),
                }
            }
            other => Self::Constant(other.clone()),
        }
    }

    fn parse_text(text: &str) -> Self {
        let segments = segments(scan::scan(text));
        let literals: Option<String> = segments
            .iter()
            .map(|segment| match segment {
                Segment::Literal(literal) => Some(literal.as_str()),
                Segment::Expression(_) => None,
            })
            .collect();
        match literals {
            Some(literal) => Self::Constant(Value::String(literal)),
            None => Self::Text(segments),
        }
    }

    fn as_constant(&self) -> Option<Value> {
        match self {
            Self::Constant(value) => Some(value.clone()),
            _ => None,
        }
    }

    fn collect_references(&self, found: &mut Vec<Reference>) {
        match self {
            Self::Constant(_) => {}
            Self::Text(segments) => collect_references(segments, found),
            Self::List(nodes) => nodes.iter().for_each(|node| node.collect_references(found)),
            Self::Map(nodes) => {
                nodes.iter().for_each(|(_, node)| node.collect_references(found));
            }
        }
    }
}

fn segments(pieces: Vec<Piece>) -> Vec<Segment> {
    pieces
        .into_iter()
        .map(|piece| match piece {
            Piece::Literal(text) => Segment::Literal(text),
            Piece::TooBig(limit) => Segment::Expression(Expression::TooBig(limit)),
            Piece::Expression(inner) => Segment::Expression(expression(inner)),
        })
        .collect()
}

fn expression(pieces: Vec<Piece>) -> Expression {
    let fixed = match pieces.as_slice() {
        [] => Some(String::new()),
        [Piece::Literal(text)] => Some(text.clone()),
        _ => None,
    };
    match fixed {
        Some(text) => Expression::Fixed { target: Target::parse(&text), text },
        None => Expression::Dynamic(segments(pieces)),
    }
}

fn collect_references(segments: &[Segment], found: &mut Vec<Reference>) {
    for segment in segments {
        match segment {
            Segment::Expression(Expression::Fixed { target, .. }) => {
                found.extend_from_slice(target.references());
            }
            Segment::Expression(Expression::Dynamic(inner)) => {
                if let Some(Segment::Literal(beginning)) = inner.first() {
                    found.extend(beginning_of(beginning));
                }
                collect_references(inner, found);
            }
            _ => {}
        }
    }
}

/// The field that `task.output.rows[` of `${task.output.rows[${…}]}` is sure to read.
fn beginning_of(text: &str) -> Option<Reference> {
    let complete = text.get(..text.rfind(['.', '['])?)?;
    let path = Path::parse(complete).ok()?;
    match reference::scope_of(&path)? {
        scope @ Scope::Field(..) => Some(Reference { scope, tail: complete.to_owned() }),
        _ => None,
    }
}
