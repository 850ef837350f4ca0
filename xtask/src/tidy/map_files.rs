//! `mod.rs` and `lib.rs` are maps: comments, attributes, `mod` and `use`, and nothing that runs.

use super::Tree;
use super::rule::Finding;

/// Items of map files that are more than a map.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    // A folder of tests has no readers who look for a map.
    for file in tree.ending(&["rs"]).filter(|file| !file.is_test()) {
        if ["mod.rs", "lib.rs"].contains(&file.name()) {
            for (index, item) in items(&file.code()) {
                if !is_map(&item) {
                    let head: String = item.chars().take(40).collect();
                    let what = format!("a map holds only `mod` and `use`, not `{head}`: move it");
                    findings.push(Finding::at(&file.path, index, what));
                }
            }
        }
    }
    findings
}

/// The items of a file, each with the index of its first line: attributes left out, bodies of
/// braces kept as `{}`.
fn items(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut item = String::new();
    let mut first = 0;
    let mut depth = 0_usize;
    let mut in_use = false;
    for (index, line) in code.lines().enumerate() {
        for one in line.chars() {
            if item.is_empty() && depth == 0 {
                if one.is_whitespace() {
                    continue;
                }
                first = index;
            }
            if matches!(one, ']' | '}' | ')') {
                depth = depth.saturating_sub(1);
            }
            if depth == 0 || in_use {
                item.push(one);
            }
            if matches!(one, '[' | '{' | '(') {
                depth += 1;
            }
            in_use = words(&item).any(|word| word == "use");
            let attribute = item.starts_with('#') && one == ']';
            let braces = one == '}' && !in_use;
            if depth == 0 && (one == ';' || braces || attribute) {
                let done = std::mem::take(&mut item);
                in_use = false;
                if !attribute {
                    found.push((first, done));
                }
            }
        }
        // Words at a line's end and at the next one's beginning are two words.
        if !item.is_empty() {
            item.push(' ');
        }
    }
    if !item.trim().is_empty() {
        found.push((first, item));
    }
    found
}

/// Whether an item only says where things are.
fn is_map(item: &str) -> bool {
    let rest = match item.strip_prefix("pub(") {
        Some(rest) => rest.split_once(')').map_or("", |(_, rest)| rest),
        None => item.strip_prefix("pub ").unwrap_or(item),
    };
    let first = words(rest).next();
    item.ends_with(';') && matches!(first, Some("mod" | "use"))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|one: char| !one.is_alphanumeric() && one != '_').filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(text: &str) -> Vec<usize> {
        let found = check(&Tree::of(&[("crates/a/src/lib.rs", text)]));
        found.iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn maps_pass() {
        let map = "//! What it is.\n#![cfg_attr(test, expect(x, reason = \"y;{\"))]\n\n\
            mod a;\npub mod b;\npub(crate) mod c;\n#[cfg(test)]\nmod d;\n\
            pub use a::{\n    B,\n    c::{D, E},\n};\nuse f as g;\n";
        assert_eq!(findings(map), [0_usize; 0]);
    }

    #[test]
    fn logic_is_found_where_it_begins() {
        assert_eq!(findings("//! A.\nmod a;\n\npub fn b() {\n    c();\n}\nmod d;\n"), [4]);
        assert_eq!(findings("pub const A: [u8; 2] = [1, 2];\n"), [1]);
        assert_eq!(findings("#[cfg(test)]\nmod tests {\n    use super::*;\n}\n"), [2]);
        assert_eq!(findings("pub struct A {\n    b: u8,\n}\n\nimpl A {}\n"), [1, 5]);
        assert_eq!(findings("macro_rules! a {\n    () => {};\n}\n"), [1]);
    }

    #[test]
    fn other_files_may_do_as_they_like() {
        let logic = "fn a() {}\n";
        let tree = Tree::of(&[("crates/a/src/b.rs", logic), ("crates/a/tests/it/mod.rs", logic)]);
        assert_eq!(check(&tree), []);
    }
}
