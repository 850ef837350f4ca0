//! The packages that are judged: those that some supported platform really builds.
//!
//! They come from `cargo tree` and not from `cargo metadata`: the latter also lists optional
//! packages that a feature only mentions and nobody switched on.

use std::collections::BTreeMap;

use anyhow::Result;

use super::Policy;
use crate::process;

/// A package of the graph, as far as the checks look at it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Its name in the registry.
    pub name: String,
    /// Its exact version.
    pub version: String,
    /// Its licence expression, if it states one.
    pub licence: Option<String>,
}

/// Every package of every platform of the policy, once, ordered by name and version.
pub fn packages(policy: &Policy) -> Result<Vec<Entry>> {
    let mut found = BTreeMap::new();
    for triple in &policy.graph.targets {
        let mut cargo = process::cargo(&["tree", "--quiet", "--workspace", "--edges"]);
        cargo.args(["normal,build,dev", "--prefix", "none", "--format", "{p}\t{l}\t"]);
        let tree = process::capture(cargo.args(["--target", triple]))?;
        for entry in tree.lines().filter_map(entry) {
            found.insert((entry.name.clone(), entry.version.clone()), entry);
        }
    }
    Ok(found.into_values().collect())
}

/// A line of the tree: `name vVERSION (notes)`, a tab, the licence, a tab, perhaps more notes.
fn entry(line: &str) -> Option<Entry> {
    let mut columns = line.split('\t');
    let mut words = columns.next()?.split(' ');
    let name = words.next()?.to_owned();
    let version = words.next()?.strip_prefix('v')?.to_owned();
    let licence = columns.next().filter(|licence| !licence.is_empty()).map(str::to_owned);
    Some(Entry { name, version, licence })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_tree_are_read() {
        let found = entry("serde_derive v1.0.2 (proc-macro)\tMIT OR Apache-2.0\t (*)");
        let found = found.expect("the line is one of the tree");
        assert_eq!((found.name.as_str(), found.version.as_str()), ("serde_derive", "1.0.2"));
        assert_eq!(found.licence.as_deref(), Some("MIT OR Apache-2.0"));
        assert_eq!(entry("a v1.0.0\t\t").expect("a line without a licence").licence, None);
        assert_eq!(entry(""), None);
    }
}
