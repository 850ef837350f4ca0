//! Libraries do not print: only tools and programs have a terminal.

use super::Tree;
use super::rule::Finding;
use super::tree::File;

/// Macros that print, and where else than in a program that is what one wants.
const PRINTING: [&str; 4] = ["print", "println", "eprint", "eprintln"];

/// The macro that is for the author's eyes only.
const NEVER: &str = "dbg";

/// Uses of these macros in code; the tests of a library may print.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.ending(&["rs"]) {
        let quiet = !file.is_test() && !may_print(file);
        let own_lines = file.lines_without_tests();
        for (index, line) in file.code().lines().enumerate() {
            for name in macros(line) {
                let banned = name == NEVER || (quiet && PRINTING.contains(&name));
                if banned && (index < own_lines || name == NEVER) {
                    let what = format!("`{name}!` in a library: log with `tracing`, or return it");
                    findings.push(Finding::at(&file.path, index, what));
                }
            }
        }
    }
    findings
}

/// Tools and programs: their output is their purpose.
fn may_print(file: &File) -> bool {
    let homes = ["xtask/", "crates/fermata/", "crates/bench/", "crates/sim/src/main.rs"];
    homes.iter().any(|home| file.path.starts_with(home)) || file.path.contains("/src/bin/")
}

/// The names before each `!` of a line that stands right after a name and calls something.
fn macros(line: &str) -> impl Iterator<Item = &str> {
    let in_name = |one: char| one.is_alphanumeric() || one == '_';
    line.match_indices('!').filter_map(move |(end, _)| {
        let after = line.get(end + 1..)?;
        if !after.trim_start().starts_with(['(', '[', '{']) {
            return None;
        }
        let before = line.get(..end)?;
        let start = before.rfind(|one| !in_name(one)).map_or(0, |at| at + 1);
        before.get(start..).filter(|name| !name.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        check(&Tree::of(&[(path, text)])).iter().map(|finding| finding.line).collect()
    }

    const LIBRARY: &str = "crates/runtime/src/engine.rs";

    #[test]
    fn printing_in_a_library_is_found() {
        assert_eq!(lines(LIBRARY, "fn a() {\n    println!(\"a\");\n}\n"), [2]);
        assert_eq!(lines(LIBRARY, "fn a() {\n    std::eprintln! {\"a\"}\n}\n"), [2]);
    }

    #[test]
    fn talk_about_printing_is_not() {
        let talk = "// println!(a)\nconst A: &str = \"println!(a)\";\nwriteln!(b)\n";
        assert_eq!(lines(LIBRARY, talk), [0_usize; 0]);
    }

    #[test]
    fn programs_and_tests_may_print_but_nobody_leaves_the_author_s_macro() {
        let both = format!("println!(\"a\");\n{NEVER}!(a);\n");
        assert_eq!(lines("xtask/src/main.rs", &both), [2]);
        assert_eq!(lines("crates/types/tests/it/laws.rs", &both), [2]);
        let tested = format!("#[cfg(test)]\nmod tests {{\n{both}}}\n");
        assert_eq!(lines(LIBRARY, &tested), [4]);
    }
}
