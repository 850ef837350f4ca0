//! A note of unfinished work carries an issue's number, or does not land.

use super::Tree;
use super::rule::Finding;

/// The word that needs a number, in parts: this file is checked too.
const NEEDS_ISSUE: &str = concat!("TO", "DO");

/// Words that never land.
const NEVER: [&str; 2] = [concat!("FIX", "ME"), concat!("XX", "X")];

/// Notes in files of code.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.ending(&["rs", "py", "sh", "toml", "ts", "tsx", "js", "sql", "proto"]) {
        for (index, line) in file.text.lines().enumerate() {
            findings.extend(judge(line).map(|what| Finding::at(&file.path, index, what)));
        }
    }
    findings
}

fn judge(line: &str) -> Option<String> {
    if let Some(word) = NEVER.into_iter().find(|word| after_word(line, word).is_some()) {
        return Some(format!("{word} does not land: do it, or open an issue"));
    }
    let after = after_word(line, NEEDS_ISSUE)?;
    let (_, number) = after.split_once('#').unwrap_or_default();
    let numbered = number.starts_with(|one: char| one.is_ascii_digit());
    (!numbered).then(|| format!("{NEEDS_ISSUE} without an issue's number (`{NEEDS_ISSUE}(#12)`)"))
}

/// What follows a whole word in a line.
fn after_word<'a>(line: &'a str, word: &str) -> Option<&'a str> {
    let in_word = |one: char| one.is_alphanumeric() || one == '_';
    line.match_indices(word).find_map(|(start, _)| {
        let before = line.get(..start)?;
        let after = line.get(start + word.len()..)?;
        (!before.ends_with(in_word) && !after.starts_with(in_word)).then_some(after)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<usize> {
        check(&Tree::of(&[("a.rs", text)])).iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn notes_need_a_number() {
        assert_eq!(lines(&format!("// {NEEDS_ISSUE}: later\n")), [1]);
        assert_eq!(lines(&format!("// {NEEDS_ISSUE}(#) later\n")), [1]);
        assert_eq!(lines(&format!("// {NEEDS_ISSUE}(#12): later\n")), [0_usize; 0]);
    }

    #[test]
    fn some_words_never_land() {
        for word in NEVER {
            assert_eq!(lines(&format!("a\n// {word}(#12)\n")), [2]);
        }
    }

    #[test]
    fn parts_of_words_are_no_notes() {
        assert_eq!(lines(&format!("// mas{NEEDS_ISSUE}n {NEEDS_ISSUE}S\n")), [0_usize; 0]);
    }
}
