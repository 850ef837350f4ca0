//! The tree as the rules see it: read once, then only looked at.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};

use super::rust_code;
use crate::workspace;

/// Every file of the repository; text only of those that are text.
pub struct Tree {
    files: Vec<File>,
    places: BTreeSet<String>,
}

/// One text file.
pub struct File {
    /// Relative to the root, with `/` between folders.
    pub path: String,
    /// All of it.
    pub text: String,
}

impl Tree {
    /// The files git tracks or would track.
    pub fn of_repository() -> Result<Self> {
        let root = workspace::root();
        let mut files = Vec::new();
        let mut others = Vec::new();
        for path in workspace::files()? {
            let bytes =
                std::fs::read(root.join(&path)).with_context(|| format!("reading {path}"))?;
            match String::from_utf8(bytes) {
                Ok(text) => files.push(File { path, text }),
                Err(_) => others.push(path),
            }
        }
        Ok(Self::new(files, &others))
    }

    /// A tree of these texts, for the rules' own tests.
    #[cfg(test)]
    pub fn of(samples: &[(&str, &str)]) -> Self {
        let file = |(path, text): &(&str, &str)| File {
            path: (*path).to_owned(),
            text: (*text).to_owned(),
        };
        Self::new(samples.iter().map(file).collect(), &[])
    }

    fn new(files: Vec<File>, others: &[String]) -> Self {
        let mut places = BTreeSet::new();
        for path in files.iter().map(|file| &file.path).chain(others) {
            // Folders are places too: a link may name one.
            let ends = path.match_indices('/').map(|(end, _)| end).chain([path.len()]);
            places.extend(ends.filter_map(|end| path.get(..end)).map(str::to_owned));
        }
        Self { files, places }
    }

    /// How many text files there are.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Every text file.
    pub fn files(&self) -> impl Iterator<Item = &File> {
        self.files.iter()
    }

    /// Every text file with one of these endings, given without their dot.
    pub fn ending(&self, endings: &'static [&'static str]) -> impl Iterator<Item = &File> {
        self.files.iter().filter(move |file| endings.contains(&file.ending()))
    }

    /// The text file at this path.
    pub fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Whether a file or folder of the repository is there.
    pub fn has(&self, path: &str) -> bool {
        path.is_empty() || self.places.contains(path)
    }
}

impl File {
    /// What follows the last dot of the file's name, or nothing.
    pub fn ending(&self) -> &str {
        self.name().rsplit_once('.').map_or("", |(_, ending)| ending)
    }

    /// The last part of the path.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// Whether all of it is tests: a file below a folder `tests`.
    pub fn is_test(&self) -> bool {
        self.path.starts_with("tests/") || self.path.contains("/tests/")
    }

    /// The lines of a Rust file before its test module.
    pub fn lines_without_tests(&self) -> usize {
        let lines: Vec<&str> = self.text.lines().collect();
        let opens = |pair: &[&str]| {
            matches!(pair, [gate, module]
                if gate.trim() == "#[cfg(test)]"
                    && module.starts_with("mod ")
                    && module.trim_end().ends_with('{'))
        };
        lines.windows(2).position(opens).unwrap_or(lines.len())
    }

    /// The lines of a Rust file with comments and the insides of literals blanked, so that what is
    /// found there is code.
    pub fn code(&self) -> String {
        rust_code::only(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_places() {
        let tree = Tree::of(&[("docs/formats/log.md", "")]);
        assert!(tree.has("docs/formats/log.md") && tree.has("docs/formats") && tree.has(""));
        assert!(!tree.has("docs/form"));
    }

    #[test]
    fn lines_are_counted_up_to_the_test_module() {
        let text = "fn a() {}\n#[cfg(test)]\nuse b;\n#[cfg(test)]\nmod tests {\n}\n";
        let tree = Tree::of(&[("a.rs", text), ("b.rs", "one\ntwo\n")]);
        let counts: Vec<usize> = tree.files().map(File::lines_without_tests).collect();
        assert_eq!(counts, [3, 2]);
    }
}
