//! What the server's configuration says about validation.

use std::fmt;

/// Whether definitions need an owner (`conductor.app.ownerEmailMandatory`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OwnerEmail {
    /// They may have one.
    #[default]
    Optional,
    /// It has to be there and not blank.
    Required,
}

/// Which names workflows may have (`conductor.app.workflow.name-validation.enabled`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NameCharacters {
    /// Any.
    #[default]
    Any,
    /// Letters, digits, space and some signs.
    Restricted,
}

/// How to validate. The default is that of the reference server as it is shipped.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// Whether an owner is needed.
    pub owner_email: OwnerEmail,
    /// Which names are accepted.
    pub name_characters: NameCharacters,
    /// Whether the task definition of this name has this key in its `inputTemplate`: what a step
    /// lacks may come from there.
    pub in_input_template: &'a dyn Fn(&str, &str) -> bool,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            owner_email: OwnerEmail::default(),
            name_characters: NameCharacters::default(),
            in_input_template: &|_, _| false,
        }
    }
}

impl fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("owner_email", &self.owner_email)
            .field("name_characters", &self.name_characters)
            .finish_non_exhaustive()
    }
}
