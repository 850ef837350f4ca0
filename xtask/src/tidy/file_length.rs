//! A file is one idea: at most 600 lines without its tests.

use super::Tree;
use super::rule::Finding;

/// The hard stop, in lines. The aim is half of it.
const LINES_MAX: usize = 600;

/// Rust files that are too long; files that are only tests are not counted.
pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.ending(&["rs"])
        .filter(|file| !file.is_test())
        .map(|file| (file, file.lines_without_tests()))
        .filter(|(_, lines)| *lines > LINES_MAX)
        .map(|(file, lines)| {
            let what = format!("{lines} lines without tests, over {LINES_MAX}: part it by ideas");
            Finding::whole(&file.path, what)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_file_is_found_and_long_tests_are_not() {
        let long = "// line\n".repeat(LINES_MAX + 1);
        let tested = format!("fn a() {{}}\n#[cfg(test)]\nmod tests {{\n{long}}}\n");
        let tree = Tree::of(&[
            ("crates/a/src/long.rs", &long),
            ("crates/a/src/tested.rs", &tested),
            ("crates/a/tests/it/laws.rs", &long),
        ]);
        let found = check(&tree);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found.iter().all(|finding| finding.path.ends_with("long.rs")), "{found:?}");
    }
}
