//! The servers that the load generator starts, ends and kills by itself.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// A server as the load generator is told of it.
pub struct Server {
    /// What it is called in reports, and in the names of files.
    pub label: String,
    /// The name of its store.
    pub store: String,
    /// Its program.
    pub program: PathBuf,
    /// Arguments; `{port}` and `{data}` stand for its port and data directory.
    pub arguments: Vec<String>,
}

impl Server {
    /// Ours, with this many milliseconds added to each sync of its log.
    pub fn ours(binary: &Path, added_sync_ms: u64) -> Self {
        let mut arguments = vec!["server", "--listen", "127.0.0.1:{port}", "--data-dir", "{data}"];
        let added_us = (added_sync_ms * 1000).to_string();
        if added_sync_ms > 0 {
            arguments.extend(["--bench-added-sync-us", &added_us]);
        }
        Self {
            label: match added_sync_ms {
                0 => "fermata".to_owned(),
                ms => format!("fermata with {ms} ms added to each sync"),
            },
            store: "embedded".to_owned(),
            program: binary.to_path_buf(),
            arguments: arguments.into_iter().map(str::to_owned).collect(),
        }
    }

    /// The folder that its data, its log and its report go to, below the build folder.
    ///
    /// Not in the system's temporary folder, which is often memory: a sync there costs nothing
    /// and would flatter every figure.
    pub fn folder(&self, target_folder: &Path) -> Result<PathBuf> {
        let plain = |one: char| if one.is_ascii_alphanumeric() { one } else { '-' };
        let name: String = self.label.chars().map(plain).collect();
        let folder = target_folder.join("bench").join(name);
        std::fs::create_dir_all(&folder).context("creating the folder of the bench")?;
        Ok(folder)
    }

    /// How the load generator is told to start it.
    pub fn recipe(&self) -> Vec<String> {
        let mut words = vec!["--serve".to_owned(), self.program.display().to_string()];
        words.extend(self.arguments.iter().map(|word| format!("--serve-arg={word}")));
        words.extend(["--label".to_owned(), self.label.clone()]);
        words.extend(["--store".to_owned(), self.store.clone()]);
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slower_server_says_so() {
        let server = Server::ours(Path::new("fermata"), 2);
        assert!(server.label.contains("2 ms"), "{}", server.label);
        let words = server.recipe();
        assert!(words.contains(&"--serve-arg=--bench-added-sync-us".to_owned()), "{words:?}");
        assert!(words.contains(&"--serve-arg=2000".to_owned()), "{words:?}");
        let plain = Server::ours(Path::new("fermata"), 0).recipe();
        assert!(!plain.iter().any(|word| word.contains("sync-us")), "{plain:?}");
    }
}
