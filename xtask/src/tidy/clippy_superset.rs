//! A crate's own `clippy.toml` has all that the root's has: clippy reads the nearest, and that one
//! only.

use toml::{Table, Value};

use super::Tree;
use super::rule::Finding;

/// The file that every other one must contain.
const ROOT: &str = "clippy.toml";

/// Entries of the root that a nearer file lacks, and files that cannot be read.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let Some(root) = tree.file(ROOT) else {
        return vec![Finding::whole(ROOT, "is missing")];
    };
    let Ok(wanted) = root.text.parse::<Table>() else {
        return vec![Finding::whole(ROOT, "is no TOML")];
    };
    let mut findings = Vec::new();
    for file in tree.files().filter(|file| file.name() == ROOT && file.path != ROOT) {
        match file.text.parse::<Table>() {
            Ok(own) => {
                findings.extend(missing(&wanted, &own).map(|what| Finding::whole(&file.path, what)))
            }
            Err(_) => findings.push(Finding::whole(&file.path, "is no TOML")),
        }
    }
    findings
}

/// What the nearer table lacks of the root's, one line an entry.
fn missing(wanted: &Table, own: &Table) -> impl Iterator<Item = String> {
    wanted.iter().flat_map(|(key, value)| match (value, own.get(key)) {
        (Value::Array(wanted), Some(Value::Array(own))) => wanted
            .iter()
            .filter(|entry| !own.iter().any(|other| subject(other) == subject(entry)))
            .map(|entry| format!("`{key}` lacks {} of the root's", subject(entry)))
            .collect(),
        (wanted, Some(own)) if wanted == own => Vec::new(),
        (_, Some(_)) => vec![format!("`{key}` differs from the root's")],
        (_, None) => vec![format!("lacks `{key}` of the root's")],
    })
}

/// What an entry is about: its path if it is a table with one, else all of it.
fn subject(entry: &Value) -> String {
    let path = entry.get("path").and_then(Value::as_str).or(entry.as_str());
    path.map_or_else(|| entry.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = "limit = 70\nbanned = [\"a\", { path = \"b\", reason = \"c\" }]\n";

    fn findings(own: &str) -> Vec<String> {
        let tree = Tree::of(&[("clippy.toml", SAMPLE), ("crates/types/clippy.toml", own)]);
        check(&tree).into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn what_a_nearer_file_lacks_is_found() {
        assert_eq!(
            findings("banned = [\"a\"]"),
            ["`banned` lacks b of the root's", "lacks `limit` of the root's"]
        );
        assert_eq!(
            findings("limit = 80\nbanned = [\"a\", \"b\"]"),
            ["`limit` differs from the root's"]
        );
        assert_eq!(findings("limit"), ["is no TOML"]);
    }

    #[test]
    fn more_than_the_root_has_is_fine() {
        let none: [&str; 0] = [];
        assert_eq!(findings("limit = 70\nother = 1\nbanned = [\"x\", \"a\", \"b\"]"), none);
    }

    #[test]
    fn no_root_file_is_found() {
        assert_eq!(check(&Tree::of(&[])).len(), 1);
    }
}
