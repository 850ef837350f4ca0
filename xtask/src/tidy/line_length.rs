//! A line of Rust is at most 100 columns.

use super::Tree;
use super::rule::Finding;

/// The widest line, in characters.
const COLUMNS_MAX: usize = 100;

/// Lines of Rust that are too wide; one that holds a link may be, since links cannot be broken.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.ending(&["rs"]) {
        for (index, line) in file.text.lines().enumerate() {
            let columns = line.chars().count();
            if columns > COLUMNS_MAX && !line.contains("://") {
                let what = format!("{columns} columns, over {COLUMNS_MAX}");
                findings.push(Finding::at(&file.path, index, what));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_line_is_found() {
        let wide = "é".repeat(COLUMNS_MAX + 1);
        let fits = "é".repeat(COLUMNS_MAX);
        let link = format!("// https://example.test/{wide}");
        let text = format!("{fits}\n{wide}\n{link}\n");
        let found = check(&Tree::of(&[("a.rs", &text), ("a.md", &wide)]));
        assert_eq!(found, [Finding::at("a.rs", 1, "101 columns, over 100")]);
    }
}
