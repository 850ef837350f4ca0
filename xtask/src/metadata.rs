//! What `cargo metadata` says: packages, their declared dependencies, and the resolved graph.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use crate::process;

/// The whole answer.
#[derive(Deserialize)]
pub struct Metadata {
    /// Every package of the graph, or only the workspace's own when asked without dependencies.
    pub packages: Vec<Package>,
    /// Ids of our own packages.
    pub workspace_members: Vec<String>,
    /// The resolved graph; absent when asked without dependencies.
    pub resolve: Option<Resolve>,
    /// Where cargo puts what it builds.
    pub target_directory: String,
}

/// One package at one version.
#[derive(Deserialize)]
pub struct Package {
    /// Cargo's opaque id.
    pub id: String,
    /// Its name in the registry.
    pub name: String,
    /// What its manifest asks for.
    #[serde(default)]
    pub dependencies: Vec<Dependency>,
    /// What it builds.
    #[serde(default)]
    pub targets: Vec<Target>,
}

/// One line of a manifest's dependency tables.
#[derive(Deserialize)]
pub struct Dependency {
    /// The package asked for.
    pub name: String,
    /// `None` for a normal dependency, else `dev` or `build`.
    pub kind: Option<String>,
}

/// One thing a package builds.
#[derive(Deserialize)]
pub struct Target {
    /// `lib`, `bin`, `proc-macro` and so on.
    pub kind: Vec<String>,
}

/// The resolved graph.
#[derive(Deserialize)]
pub struct Resolve {
    /// One node a package.
    pub nodes: Vec<Node>,
}

/// A package in the graph.
#[derive(Deserialize)]
pub struct Node {
    /// The package's id.
    pub id: String,
    /// Its edges.
    pub deps: Vec<NodeDep>,
}

/// An edge of the graph.
#[derive(Deserialize)]
pub struct NodeDep {
    /// The id of the package used.
    pub pkg: String,
    /// As what it is used: normal, dev, build.
    pub dep_kinds: Vec<DepKind>,
}

/// As what an edge exists.
#[derive(Deserialize)]
pub struct DepKind {
    /// `None` for a normal dependency, else `dev` or `build`.
    pub kind: Option<String>,
}

impl Metadata {
    /// The graph as it is on one platform (a target triple), dependencies included.
    pub fn of_platform(triple: &str) -> Result<Self> {
        Self::ask(&["--filter-platform", triple])
    }

    /// Our own packages only: cheap, and needs no registry.
    pub fn of_workspace() -> Result<Self> {
        Self::ask(&["--no-deps"])
    }

    fn ask(arguments: &[&str]) -> Result<Self> {
        let mut cargo = process::cargo(&["metadata", "--format-version", "1"]);
        let text = process::capture(cargo.args(arguments))?;
        serde_json::from_str(&text).context("cargo metadata answered something else than expected")
    }

    /// Packages by id.
    pub fn by_id(&self) -> BTreeMap<&str, &Package> {
        self.packages.iter().map(|package| (package.id.as_str(), package)).collect()
    }

    /// Our own packages, in cargo's order.
    pub fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| self.workspace_members.contains(&package.id))
    }
}
