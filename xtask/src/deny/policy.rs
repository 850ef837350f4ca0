//! `deny.toml`, of which cargo-deny reads the same tables.

use anyhow::{Context as _, Result};
use serde::Deserialize;

use crate::workspace;

/// The file, relative to the root.
const FILE: &str = "deny.toml";

/// What the dependency graph may contain. Tables only cargo-deny knows are left alone.
#[derive(Deserialize)]
pub struct Policy {
    /// Which graph is judged.
    pub graph: Graph,
    /// Whose terms we accept.
    pub licenses: Licenses,
    /// Which packages may come twice.
    pub bans: Bans,
}

/// The platforms of the graph.
#[derive(Deserialize)]
pub struct Graph {
    /// Target triples whose graphs are judged together.
    pub targets: Vec<String>,
}

/// Licences by their SPDX names.
#[derive(Deserialize)]
pub struct Licenses {
    /// What we accept without asking.
    pub allow: Vec<String>,
    /// What we accept for one package only.
    #[serde(default)]
    pub exceptions: Vec<Exception>,
}

/// A licence accepted for one package.
#[derive(Deserialize)]
pub struct Exception {
    /// The package.
    pub name: String,
    /// Its further licences.
    pub allow: Vec<String>,
}

/// Packages that are not as they should be, and are tolerated.
#[derive(Deserialize)]
pub struct Bans {
    /// Packages that may come in more than one version.
    #[serde(default)]
    pub skip: Vec<Skip>,
}

/// One tolerated duplicate.
#[derive(Deserialize)]
pub struct Skip {
    /// The package.
    pub name: String,
    /// Why nothing can be done about it now.
    pub reason: String,
}

impl Policy {
    /// Reads the file of the repository.
    pub fn load() -> Result<Self> {
        Self::parse(&workspace::read(FILE)?)
    }

    /// Reads the text of such a file.
    pub fn parse(text: &str) -> Result<Self> {
        toml::from_str(text).with_context(|| format!("{FILE} is not as expected"))
    }

    /// Whether a licence is accepted for this package.
    pub fn accepts(&self, package: &str, licence: &str) -> bool {
        let named = |list: &[String]| list.iter().any(|allowed| allowed == licence);
        let excepted = |one: &Exception| one.name == package && named(&one.allow);
        named(&self.licenses.allow) || self.licenses.exceptions.iter().any(excepted)
    }
}
