//! The reference server: its published jar, from the usual place of Java packages.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::Server;
use crate::process;

/// The release that is driven; the newest one when this line was written.
const VERSION: &str = "3.32.3";
/// The plugin that fetches an artifact without a project around it.
const FETCH: &str = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy";
/// The least Java that its classes are made for.
const JAVA_MIN: u32 = 21;
/// Where Debian and others keep the Javas that are installed.
const JAVAS: &str = "/usr/lib/jvm";

/// The reference server on its embedded SQLite store, with the message queue on.
///
/// The properties are those it ships with, but for: address and port; the place of the database;
/// the message queue, which is off unless asked for; its language models and gRPC, which need
/// the outside world or a second port and are switched off.
pub fn server(target_folder: &Path) -> Result<Server> {
    let jar = jar(target_folder)?;
    let database = "jdbc:sqlite:{data}/conductor.db?busy_timeout=15000&journal_mode=WAL";
    let properties = [
        "server.address=127.0.0.1".to_owned(),
        "server.port={port}".to_owned(),
        format!("spring.datasource.url={database}"),
        "conductor.db.type=sqlite".to_owned(),
        "conductor.queue.type=sqlite".to_owned(),
        "conductor.indexing.type=sqlite".to_owned(),
        "conductor.workflow-message-queue.enabled=true".to_owned(),
        "conductor.integrations.ai.enabled=false".to_owned(),
        "conductor.grpc-server.enabled=false".to_owned(),
    ];
    let mut arguments = vec!["-Xmx2g".to_owned(), "-jar".to_owned(), jar.display().to_string()];
    arguments.extend(properties.map(|property| format!("--{property}")));
    Ok(Server {
        label: format!("reference {VERSION}"),
        store: "SQLite, embedded, journal_mode=WAL".to_owned(),
        program: java()?,
        arguments,
    })
}

/// The jar, below the build folder; fetched unless it is there.
fn jar(target_folder: &Path) -> Result<PathBuf> {
    let folder = target_folder.join("reference");
    let jar = folder.join(format!("conductor-server-{VERSION}-boot.jar"));
    if jar.is_file() {
        return Ok(jar);
    }
    if !process::answers("mvn", &["-v"]) {
        println!("no mvn here: installing it");
        process::run(Command::new("apt-get").arg("update"))?;
        process::run(Command::new("apt-get").args(["install", "--yes", "maven"]))?;
    }
    fs::create_dir_all(&folder).context("creating the folder of the reference server")?;
    let artifact = format!("-Dartifact=org.conductoross:conductor-server:{VERSION}:jar:boot");
    let mut mvn = Command::new("mvn");
    mvn.args(["--batch-mode", "--quiet", FETCH, &artifact]);
    mvn.arg(format!("-DoutputDirectory={}", folder.display()));
    process::run(&mut mvn).context("fetching the reference server")?;
    if !jar.is_file() {
        bail!("mvn did not bring {}", jar.display());
    }
    Ok(jar)
}

/// The newest Java of this machine that can run the jar.
fn java() -> Result<PathBuf> {
    let mut candidates = vec![PathBuf::from("java")];
    for entry in fs::read_dir(JAVAS).into_iter().flatten().flatten() {
        candidates.push(entry.path().join("bin").join("java"));
    }
    let known = candidates.into_iter().filter_map(|java| Some((release_of(&java)?, java)));
    match known.max() {
        Some((release, java)) if release >= JAVA_MIN => Ok(java),
        Some((release, _)) => bail!("the newest Java here is {release}; {JAVA_MIN} is needed"),
        None => bail!("there is no Java here; {JAVA_MIN} is needed"),
    }
}

/// The feature release of a Java, if it runs.
fn release_of(java: &Path) -> Option<u32> {
    let output = Command::new(java).arg("--version").output().ok()?;
    release_in(&String::from_utf8(output.stdout).ok()?)
}

/// The number after the first word: `openjdk 25.0.1 2025-10-21`.
fn release_in(said: &str) -> Option<u32> {
    let version = said.split_whitespace().nth(1)?;
    version.split(['.', '-', '+']).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_release_of_a_java_is_read() {
        assert_eq!(release_in("openjdk 17.0.15 2025-04-15\nOpenJDK Runtime"), Some(17));
        assert_eq!(release_in("openjdk 25 2025-09-16"), Some(25));
        assert_eq!(release_in("java 21-ea 2023-09-19"), Some(21));
        assert_eq!(release_in("no java"), None);
    }
}
