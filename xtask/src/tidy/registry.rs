//! The table of rules, sorted by name.

use super::rule::{Finding, Rule};
use super::{
    Tree, banned_macros, clippy_superset, crate_comment, dead_links, file_length, file_names,
    integration_tests, line_length, machine_paths, map_files, open_notes, registry_hosts,
};

/// Every rule.
pub const RULES: &[Rule] = &[
    Rule { name: "banned_macros", check: banned_macros::check },
    Rule { name: "clippy_superset", check: clippy_superset::check },
    Rule { name: "crate_comment", check: crate_comment::check },
    Rule { name: "dead_links", check: dead_links::check },
    Rule { name: "file_length", check: file_length::check },
    Rule { name: "file_names", check: file_names::check },
    Rule { name: "integration_tests", check: integration_tests::check },
    Rule { name: "line_length", check: line_length::check },
    Rule { name: "machine_paths", check: machine_paths::check },
    Rule { name: "map_files", check: map_files::check },
    Rule { name: "open_notes", check: open_notes::check },
    Rule { name: "registry_hosts", check: registry_hosts::check },
];

/// What all rules find, ordered by place.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings: Vec<Finding> = RULES
        .iter()
        .flat_map(|rule| {
            let named = |finding: Finding| Finding {
                what: format!("{} [{}]", finding.what, rule.name),
                ..finding
            };
            (rule.check)(tree).into_iter().map(named).collect::<Vec<_>>()
        })
        .collect();
    findings.sort();
    findings
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::workspace;

    /// Files of the folder that carry no rule.
    const MACHINERY: [&str; 5] = ["mod.rs", "registry.rs", "rule.rs", "rust_code.rs", "tree.rs"];

    #[test]
    fn every_file_of_the_folder_is_in_the_table_and_has_its_test() {
        let folder = workspace::root().join("xtask/src/tidy");
        let mut names = BTreeSet::new();
        for entry in std::fs::read_dir(folder).expect("the folder is there") {
            let path = entry.expect("the folder can be listed").path();
            let name = path.file_name().expect("a listed file has a name").to_string_lossy();
            if !MACHINERY.contains(&name.as_ref()) {
                let text = std::fs::read_to_string(&path).expect("the file can be read");
                assert!(text.contains("#[test]"), "{name} has no test");
                names.insert(name.trim_end_matches(".rs").to_owned());
            }
        }
        let table: Vec<&str> = RULES.iter().map(|rule| rule.name).collect();
        assert_eq!(table, Vec::from_iter(&names), "the table is complete and sorted");
    }

    #[test]
    fn findings_name_their_rule_and_come_in_order() {
        let tree = Tree::of(&[("clippy.toml", ""), ("b/utils.rs", ""), ("a/misc.rs", "")]);
        let shown: Vec<String> = check(&tree).iter().map(ToString::to_string).collect();
        assert!(shown.first().is_some_and(|first| first.starts_with("a/misc.rs:1: ")), "{shown:?}");
        assert!(shown.iter().all(|line| line.ends_with("[file_names]")), "{shown:?}");
    }
}
