//! What an expression may read, known before it is resolved.

use super::document::{Field, Source};
use super::path::Path;

/// A part of the document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// One field of the run or of a task: by far the usual case.
    Field(Source, Field),
    /// All fields of the run or of a task, as `${name}` and `${name..x}` read.
    Source(Source),
    /// The whole document, as `${$..x}` reads.
    Document,
}

/// A part of the document that an expression may read, and where it goes from there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// What is read.
    pub scope: Scope,
    /// The path as it was written, for messages.
    pub tail: String,
}

/// References of a path and of the absolute paths inside its filters and arguments. A field that
/// the document does not have is not read and so not listed.
pub(super) fn of_path(path: &Path) -> Vec<Reference> {
    let mut found = Vec::new();
    path.each_absolute(&mut |absolute| {
        found.extend(
            scope_of(absolute).map(|scope| Reference { scope, tail: absolute.text().to_owned() }),
        );
    });
    found.sort();
    found.dedup();
    found
}

/// The part of the document an absolute path starts from, or nothing if it leads nowhere.
pub(super) fn scope_of(path: &Path) -> Option<Scope> {
    let Some(first) = path.name(0) else { return Some(Scope::Document) };
    let source = Source::named(first);
    match path.name(1) {
        Some(second) => Field::of(&source, second).map(|field| Scope::Field(source, field)),
        None => Some(Scope::Source(source)),
    }
}
