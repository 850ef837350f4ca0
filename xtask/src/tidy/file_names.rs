//! A file is named after what is in it; a name that fits anything names nothing.

use super::Tree;
use super::rule::Finding;

/// Names of files and folders that say nothing.
const EMPTY_WORDS: [&str; 7] = ["utils", "util", "helpers", "helper", "common", "misc", "shared"];

/// Files whose name, or a folder of whose path, says nothing.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files() {
        for part in file.path.split('/') {
            let stem = part.split('.').next().unwrap_or(part);
            if EMPTY_WORDS.contains(&stem.to_ascii_lowercase().as_str()) {
                let what = format!("`{part}` names nothing: name it after what it holds");
                findings.push(Finding::whole(&file.path, what));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_names_are_found_in_files_and_folders() {
        let tree = Tree::of(&[
            ("crates/a/src/utils.rs", ""),
            ("compat/common/start.py", ""),
            ("crates/a/src/commonplace.rs", ""),
        ]);
        let paths: Vec<String> = check(&tree).into_iter().map(|finding| finding.path).collect();
        assert_eq!(paths, ["crates/a/src/utils.rs", "compat/common/start.py"]);
    }
}
