//! A link in Markdown leads somewhere.

use super::Tree;
use super::rule::Finding;

/// Relative links whose file or folder is not in the repository; code blocks are not read.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.ending(&["md"]) {
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut in_block = false;
        for (index, line) in file.text.lines().enumerate() {
            if line.trim_start().starts_with("```") {
                in_block = !in_block;
            }
            if in_block {
                continue;
            }
            for target in targets(line).filter(|target| is_relative(target)) {
                let path = target.split(['#', '?']).next().unwrap_or_default();
                if !resolve(folder, path).is_some_and(|path| tree.has(&path)) {
                    findings.push(Finding::at(&file.path, index, format!("dead link `{target}`")));
                }
            }
        }
    }
    findings
}

/// What the links of a line point at: `[text](target)` and `[text](target "title")`.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| {
        let inside = rest.split(')').next()?;
        inside.split_whitespace().next()
    })
}

fn is_relative(target: &str) -> bool {
    !target.starts_with('#') && !target.contains("://") && !target.starts_with("mailto:")
}

/// A path relative to the root; `None` when it leaves the repository or begins at a root itself.
fn resolve(folder: &str, path: &str) -> Option<String> {
    if path.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dead(text: &str) -> Vec<String> {
        let tree = Tree::of(&[("docs/a.md", text), ("docs/b.md", ""), ("README.md", "")]);
        check(&tree).into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn links_that_lead_nowhere_are_found() {
        let text = "[a](c.md) and [b](../gone/)\n[c](../../outside.md)\n[d](/docs/b.md)\n";
        assert_eq!(
            dead(text),
            [
                "dead link `c.md`",
                "dead link `../gone/`",
                "dead link `../../outside.md`",
                "dead link `/docs/b.md`"
            ]
        );
    }

    #[test]
    fn links_that_lead_somewhere_pass() {
        let text = "[a](b.md#part) [b](../README.md \"title\") [c](#here) [d](https://e.test/f)\n\
            [e](.) [f](../docs)\n```\n[g](gone.md)\n```\n";
        assert!(dead(text).is_empty(), "{:?}", dead(text));
    }
}
