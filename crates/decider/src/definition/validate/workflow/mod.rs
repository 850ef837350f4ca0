//! Rules about a workflow definition as a whole.

pub(super) mod inputs;
pub(super) mod name;
pub(super) mod name_characters;
pub(super) mod owner_email;
pub(super) mod schema_version;
pub(super) mod tasks;
pub(super) mod unique_references;
