//! A crate has at most one integration binary, `tests/it/main.rs`: each one is a link of its own.

use super::Tree;
use super::rule::Finding;

/// Rust files that cargo would make a second binary of.
pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.ending(&["rs"])
        .filter(|file| is_stray(&file.path))
        .map(|file| Finding::whole(&file.path, "put it below `tests/it/`: one binary per crate"))
        .collect()
}

/// Directly in `tests/`, or the root of a folder there that is not `it`.
fn is_stray(path: &str) -> bool {
    let Some(below) = path
        .strip_prefix("crates/")
        .and_then(|path| path.split_once('/'))
        .and_then(|(_, path)| path.strip_prefix("tests/"))
    else {
        return false;
    };
    match below.split_once('/') {
        None => true,
        Some((folder, rest)) => folder != "it" && rest == "main.rs",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_binary_is_found() {
        let tree = Tree::of(&[
            ("crates/a/tests/laws.rs", ""),
            ("crates/a/tests/more/main.rs", ""),
            ("crates/a/tests/it/main.rs", ""),
            ("crates/a/tests/it/laws.rs", ""),
            ("crates/a/src/tests/row.rs", ""),
        ]);
        let paths: Vec<String> = check(&tree).into_iter().map(|finding| finding.path).collect();
        assert_eq!(paths, ["crates/a/tests/laws.rs", "crates/a/tests/more/main.rs"]);
    }
}
