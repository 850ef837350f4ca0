//! What the text between the braces means (`conductor-semantics` 7.2 rules 2 to 6).

use super::document::SystemParameter;
use super::limits::{EXPRESSION_LENGTH_MAX, Limit};
use super::path::{Path, PathError};
use super::reference::{self, Reference};

/// A path text, understood.
#[derive(Debug, Clone)]
pub(super) enum Target {
    /// Nothing but space: the empty text.
    Blank,
    /// Stays as written, resolved at hand-off.
    Secret,
    /// A value of the environment store, parsed as JSON if a path follows its name.
    Environment { name: String, path: Option<Path> },
    /// A path that cannot be compiled: null.
    Invalid,
    /// A text of the server.
    System(SystemParameter),
    /// A path over the document.
    Path(Box<Path>, Vec<Reference>),
    /// Over a limit.
    TooBig(Limit),
}

/// The prefix of secrets.
pub(super) const SECRETS: &str = "workflow.secrets.";
const ENVIRONMENT: &str = "workflow.env.";

impl Target {
    pub(super) fn parse(text: &str) -> Self {
        if text.len() > EXPRESSION_LENGTH_MAX {
            return Self::TooBig(Limit::ExpressionLength);
        }
        if text.trim().is_empty() {
            return Self::Blank;
        }
        if text.starts_with(SECRETS) {
            return Self::Secret;
        }
        if let Some(rest) = text.strip_prefix(ENVIRONMENT) {
            return Self::environment(rest);
        }
        if let Some(parameter) = SystemParameter::named(text) {
            return Self::System(parameter);
        }
        match Path::parse(text) {
            Ok(path) => {
                let references = reference::of_path(&path);
                Self::Path(Box::new(path), references)
            }
            Err(PathError::TooManySteps) => Self::TooBig(Limit::PathSteps),
            Err(PathError::Invalid) => Self::Invalid,
        }
    }

    fn environment(rest: &str) -> Self {
        let (name, tail) = split_name(rest);
        let path = match tail {
            None => None,
            Some(tail) => match Path::parse(&format!("${tail}")) {
                Ok(path) => Some(path),
                Err(_) => return Self::Invalid,
            },
        };
        Self::Environment { name: name.to_owned(), path }
    }

    /// What resolving this may read.
    pub(super) fn references(&self) -> &[Reference] {
        match self {
            Self::Path(_, references) => references,
            _ => &[],
        }
    }
}

/// Splits `NAME.rest` or `NAME[rest` behind the name; the rest keeps its first character.
pub(super) fn split_name(text: &str) -> (&str, Option<&str>) {
    match text.find(['.', '[']) {
        Some(at) => (text.get(..at).unwrap_or(text), text.get(at..)),
        None => (text, None),
    }
}
