//! No file knows the machine it was written on.

use super::Tree;
use super::rule::Finding;

/// Folders in which people and build machines keep their own things; a slash goes on both sides.
const FOLDERS: [&str; 4] = ["work", "root", "home", "Users"];

/// Absolute paths below one of these folders, in any text file.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let patterns: Vec<String> = FOLDERS.iter().map(|folder| format!("/{folder}/")).collect();
    let mut findings = Vec::new();
    for file in tree.files() {
        for (index, line) in file.text.lines().enumerate() {
            if let Some(pattern) = patterns.iter().find(|pattern| is_absolute(line, pattern)) {
                let what = format!("an absolute path (`{pattern}…`): make it relative");
                findings.push(Finding::at(&file.path, index, what));
            }
        }
    }
    findings
}

/// Whether the folder is the first of its path: nothing that could be a name stands before it.
fn is_absolute(line: &str, pattern: &str) -> bool {
    let in_path = |one: char| one.is_alphanumeric() || "._-~*}$>".contains(one);
    line.match_indices(pattern)
        .any(|(at, _)| line.get(..at).is_some_and(|before| !before.ends_with(in_path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absolute_paths_are_found_and_relative_ones_are_not() {
        for folder in FOLDERS {
            let text = format!("see target/{folder}/a, ./{folder}/a\nopen(\"/{folder}/me/a\")\n");
            let lines: Vec<usize> =
                check(&Tree::of(&[("a.py", &text)])).iter().map(|finding| finding.line).collect();
            assert_eq!(lines, [2], "{folder}");
        }
    }
}
