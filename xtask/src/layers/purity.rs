//! Pure crates reach no clock, no I/O, no randomness and no runtime, at any depth.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::Layers;
use super::allowed::folder;
use crate::metadata::{Metadata, Node, Package};

/// One line a forbidden package that a pure crate reaches, with the shortest path to it.
///
/// Only what is linked into the crate counts: normal dependencies, and not those of procedural
/// macros, which run in the compiler. Cargo resolves features for the whole workspace at once, so
/// an optional dependency that another crate switched on counts here too: the check may be too
/// strict by that, never too lax.
pub fn check(layers: &Layers, metadata: &Metadata) -> Vec<String> {
    let packages = metadata.by_id();
    let Some(resolve) = &metadata.resolve else {
        return vec!["cargo metadata has no resolved graph, so purity is not checked".to_owned()];
    };
    let nodes: BTreeMap<&str, &Node> =
        resolve.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
    let mut findings = Vec::new();
    for package in metadata.members().filter(|package| layers.is_pure(folder(&package.name))) {
        findings.extend(paths(layers, package, &packages, &nodes));
    }
    findings
}

/// Breadth first from one pure crate: the first way to a package is a shortest one.
fn paths(
    layers: &Layers,
    start: &Package,
    packages: &BTreeMap<&str, &Package>,
    nodes: &BTreeMap<&str, &Node>,
) -> Vec<String> {
    let mut findings = Vec::new();
    let mut seen = BTreeSet::from([start.id.as_str()]);
    let mut queue = VecDeque::from([(start.id.as_str(), start.name.clone())]);
    while let Some((id, path)) = queue.pop_front() {
        for used in nodes.get(id).into_iter().flat_map(|node| linked(node)) {
            let Some(package) = packages.get(used) else { continue };
            if is_macro(package) || !seen.insert(used) {
                continue;
            }
            let path = format!("{path} -> {}", package.name);
            if layers.is_forbidden(&package.name) {
                findings.push(format!("{path} (a pure crate may not reach {})", package.name));
                continue;
            }
            queue.push_back((used, path));
        }
    }
    findings
}

/// The ids of what a package links, tests and build scripts left out.
fn linked(node: &Node) -> impl Iterator<Item = &str> {
    let normal = |kinds: &[crate::metadata::DepKind]| kinds.iter().any(|kind| kind.kind.is_none());
    node.deps.iter().filter(move |dep| normal(&dep.dep_kinds)).map(|dep| dep.pkg.as_str())
}

fn is_macro(package: &Package) -> bool {
    package.targets.iter().any(|target| target.kind.iter().any(|kind| kind == "proc-macro"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAYERS: &str = r#"
        platform = "any"
        [uses]
        types = []
        [pure]
        crates = ["types"]
        forbidden = ["tokio"]
    "#;

    /// `fermata-types -> middle -> tokio`, the second edge of the given kind.
    fn findings(kind: &str, middle: &str) -> Vec<String> {
        let text = format!(
            r#"{{
            "packages": [
                {{"id":"t","name":"fermata-types","version":"0","license":null}},
                {{"id":"m","name":"middle","version":"0","license":null,
                  "targets":[{{"kind":["{middle}"]}}]}},
                {{"id":"x","name":"tokio","version":"0","license":null}}
            ],
            "workspace_members": ["t"], "target_directory": "target",
            "resolve": {{"nodes": [
                {{"id":"t","deps":[{{"pkg":"m","dep_kinds":[{{"kind":null}}]}}]}},
                {{"id":"m","deps":[{{"pkg":"x","dep_kinds":[{{"kind":{kind}}}]}}]}},
                {{"id":"x","deps":[]}}
            ]}}}}"#
        );
        let metadata = serde_json::from_str(&text).expect("the sample is metadata");
        check(&Layers::parse(LAYERS).expect("the sample is a file of layers"), &metadata)
    }

    #[test]
    fn a_forbidden_package_is_found_with_its_path() {
        assert_eq!(
            findings("null", "lib"),
            ["fermata-types -> middle -> tokio (a pure crate may not reach tokio)"]
        );
    }

    #[test]
    fn what_is_not_linked_does_not_count() {
        let none: [&str; 0] = [];
        assert_eq!(findings("\"dev\"", "lib"), none);
        assert_eq!(findings("\"build\"", "lib"), none);
        assert_eq!(findings("null", "proc-macro"), none);
    }
}
