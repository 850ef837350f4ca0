//! `layers.toml`: the allowed edges, and what pure crates may never reach.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use crate::workspace;

/// The file, relative to the root.
const FILE: &str = "layers.toml";

/// In a list of allowed crates: any of ours.
const ANYTHING: &str = "*";

/// The allowed edges between our crates, each under the name of its folder.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Layers {
    platform: String,
    uses: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    tests_use: BTreeMap<String, Vec<String>>,
    pure: Pure,
}

/// The crates that touch nothing outside, and the packages that would let them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pure {
    crates: Vec<String>,
    forbidden: Vec<String>,
}

impl Layers {
    /// Reads the file of the repository.
    pub fn load() -> Result<Self> {
        Self::parse(&workspace::read(FILE)?)
    }

    /// Reads the text of such a file; errors on fields it does not know.
    pub fn parse(text: &str) -> Result<Self> {
        toml::from_str(text).with_context(|| format!("{FILE} is not as expected"))
    }

    /// The platform whose dependency graph is judged, as a target triple.
    pub fn platform(&self) -> &str {
        &self.platform
    }

    /// How many crates the file knows.
    pub fn crates(&self) -> usize {
        self.uses.len()
    }

    /// How many of them are pure.
    pub fn pure_crates(&self) -> usize {
        self.pure.crates.len()
    }

    /// Whether the file has a row for this crate.
    pub fn knows(&self, user: &str) -> bool {
        self.uses.contains_key(user)
    }

    /// Every crate the file names, on either side of an edge or as pure.
    pub fn named(&self) -> impl Iterator<Item = &str> {
        let lists = self.uses.iter().chain(&self.tests_use);
        lists
            .flat_map(|(user, used)| std::iter::once(user).chain(used))
            .chain(&self.pure.crates)
            .map(String::as_str)
            .filter(|name| *name != ANYTHING)
    }

    /// Whether `user` may use `used`; `kind` is cargo's: none for normal, else `dev` or `build`.
    pub fn allows(&self, user: &str, used: &str, kind: Option<&str>) -> bool {
        let listed = |table: &BTreeMap<String, Vec<String>>| {
            let row = table.get(user);
            row.is_some_and(|row| row.iter().any(|name| name == used || name == ANYTHING))
        };
        listed(&self.uses) || (kind == Some("dev") && listed(&self.tests_use))
    }

    /// Whether this crate of ours must stay pure.
    pub fn is_pure(&self, name: &str) -> bool {
        self.pure.crates.iter().any(|pure| pure == name)
    }

    /// Whether a package is one no pure crate may reach, at any depth.
    pub fn is_forbidden(&self, package: &str) -> bool {
        self.pure.forbidden.iter().any(|forbidden| forbidden == package)
    }
}

/// The name of one of our packages in the file: `fermata-types` is `types`.
pub fn folder(package: &str) -> &str {
    package.strip_prefix("fermata-").unwrap_or(package)
}
