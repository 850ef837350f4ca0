//! Rule 2: a workflow's name has only some characters, if the server is told so.

use crate::definition::validate::finding::Report;
use crate::definition::validate::options::NameCharacters;
use crate::definition::validate::read;
use crate::definition::validate::tree::Definition;

pub(in super::super) fn check(definition: &Definition<'_>, report: &mut Report) {
    if definition.options.name_characters == NameCharacters::Any {
        return;
    }
    let Some(name) = read::text(definition.map, "name") else { return };
    let is_allowed = |next: char| {
        next.is_ascii_alphanumeric()
            || next.is_ascii_whitespace()
            || matches!(next, '_' | '<' | '>' | '{' | '}' | '#' | '-')
    };
    if !name.is_empty() && !name.chars().all(is_allowed) {
        let message = format!(
            "Invalid name '{name}'. Allowed characters are alphanumeric, underscores, spaces, \
             hyphens, and special characters like <, >, {{, }}, #"
        );
        report.add("name", message, definition.map.get("name"));
    }
}
