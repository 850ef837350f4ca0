//! Edges between our own crates: each must be in the file, and the file must name real crates.

use std::collections::BTreeSet;

use super::Layers;
use super::allowed::folder;
use crate::metadata::Metadata;

/// One line a forbidden edge, an unknown crate, or a name that is no crate of ours.
///
/// A crate that the file plans and nobody has begun is no find; one that is named only as used,
/// and has no row of its own, is.
pub fn check(layers: &Layers, metadata: &Metadata) -> Vec<String> {
    let ours: BTreeSet<&str> = metadata.members().map(|package| package.name.as_str()).collect();
    let mut findings = BTreeSet::new();
    for package in metadata.members() {
        let user = folder(&package.name);
        if !layers.knows(user) {
            findings.insert(format!("{user} has no row in layers.toml"));
            continue;
        }
        for used in &package.dependencies {
            let kind = used.kind.as_deref();
            if ours.contains(used.name.as_str())
                && used.name != package.name
                && !layers.allows(user, folder(&used.name), kind)
            {
                let how = kind.map(|kind| format!(" ({kind}-dependency)")).unwrap_or_default();
                findings.insert(format!("{user} -> {}{how} is not allowed", folder(&used.name)));
            }
        }
    }
    for name in layers.named().filter(|name| !layers.knows(name)) {
        findings.insert(format!("layers.toml names {name}, which has no row there"));
    }
    findings.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAYERS: &str = r#"
        platform = "any"
        [uses]
        types = []
        decider = ["types"]
        runtime = ["decider"]
        sim = ["*"]
        [tests-use]
        decider = ["runtime"]
        [pure]
        crates = []
        forbidden = []
    "#;

    fn findings(package: &str, used: &str, kind: &str) -> Vec<String> {
        let names = ["fermata-types", "fermata-decider", "fermata-runtime", "fermata-sim"];
        let packages: Vec<String> = names
            .iter()
            .chain(if names.contains(&package) { None } else { Some(&package) })
            .map(|name| {
                let edge = format!(r#"{{"name":"{used}","kind":{kind}}}"#);
                let edges = if *name == package { edge } else { String::new() };
                format!(
                    r#"{{"id":"{name}","name":"{name}","version":"0","license":null,
                        "dependencies":[{edges}]}}"#
                )
            })
            .collect();
        let members: Vec<String> = packages
            .iter()
            .zip(names.iter().chain([&package]))
            .map(|(_, name)| format!("{name:?}"))
            .collect();
        let text = format!(
            r#"{{"packages":[{}],"workspace_members":[{}],"resolve":null,
                "target_directory":"target"}}"#,
            packages.join(","),
            members.join(",")
        );
        let metadata = serde_json::from_str(&text).expect("the sample is metadata");
        check(&Layers::parse(LAYERS).expect("the sample is a file of layers"), &metadata)
    }

    #[test]
    fn an_edge_upwards_is_found() {
        assert_eq!(
            findings("fermata-types", "fermata-decider", "null"),
            ["types -> decider is not allowed"]
        );
    }

    #[test]
    fn edges_of_the_file_and_other_packages_pass() {
        let none: [&str; 0] = [];
        assert_eq!(findings("fermata-decider", "fermata-types", "null"), none);
        assert_eq!(findings("fermata-sim", "fermata-runtime", "null"), none);
        assert_eq!(findings("fermata-types", "serde", "null"), none);
    }

    #[test]
    fn what_tests_may_use_is_for_tests_only() {
        let none: [&str; 0] = [];
        assert_eq!(findings("fermata-decider", "fermata-runtime", "\"dev\""), none);
        assert_eq!(
            findings("fermata-decider", "fermata-runtime", "null"),
            ["decider -> runtime is not allowed"]
        );
    }

    #[test]
    fn a_crate_without_a_row_is_found() {
        assert_eq!(findings("fermata-new", "serde", "null"), ["new has no row in layers.toml"]);
    }

    #[test]
    fn a_misspelt_row_is_found() {
        let layers = Layers::parse(&LAYERS.replace("[\"decider\"]", "[\"desider\"]"));
        let metadata = serde_json::from_str(
            r#"{"packages":[],"workspace_members":[],"resolve":null,"target_directory":""}"#,
        );
        let found = check(&layers.expect("a file"), &metadata.expect("metadata"));
        assert_eq!(found, ["layers.toml names desider, which has no row there"]);
    }
}
