//! Every crate begins by saying what it is.

use super::Tree;
use super::rule::Finding;

/// The shortest first line that can say anything, in characters.
const SENTENCE_MIN: usize = 15;

/// Crate roots whose first line is no `//!` sentence.
pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.ending(&["rs"])
        .filter(|file| is_crate_root(&file.path))
        .filter(|file| !says_what_it_is(&file.text))
        .map(|file| Finding::whole(&file.path, "begin with `//!` and a sentence: what it is"))
        .collect()
}

fn is_crate_root(path: &str) -> bool {
    let folder = path.strip_suffix("/src/lib.rs").or_else(|| path.strip_suffix("/src/main.rs"));
    folder.is_some_and(|folder| folder == "xtask" || folder.starts_with("crates/"))
}

fn says_what_it_is(text: &str) -> bool {
    let first = text.lines().next().and_then(|line| line.strip_prefix("//! "));
    first.is_some_and(|sentence| {
        sentence.chars().count() >= SENTENCE_MIN && sentence.starts_with(char::is_uppercase)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_without_a_sentence_is_found() {
        let tree = Tree::of(&[
            ("crates/a/src/lib.rs", "mod b;\n"),
            ("crates/b/src/main.rs", "//!\n//! Late.\n"),
            ("crates/c/src/lib.rs", "//! The ids that every part shares.\n"),
            ("crates/c/src/d.rs", "mod e;\n"),
        ]);
        let paths: Vec<String> = check(&tree).into_iter().map(|finding| finding.path).collect();
        assert_eq!(paths, ["crates/a/src/lib.rs", "crates/b/src/main.rs"]);
    }
}
