//! No file names a package registry's host: which one is used is the machine's affair.

use super::Tree;
use super::rule::Finding;

/// Hosts in two parts that a dot joins: this file is checked too.
const HOSTS: [(&str, &str); 13] = [
    ("crates", "io"),
    ("pypi", "org"),
    ("pythonhosted", "org"),
    ("npmjs", "org"),
    ("npmjs", "com"),
    ("yarnpkg", "com"),
    ("maven", "org"),
    ("maven.apache", "org"),
    ("golang", "org"),
    ("debian", "org"),
    ("ubuntu", "com"),
    ("docker", "io"),
    ("ghcr", "io"),
];

/// What cargo writes by itself: the name of its index is part of every line there.
const GENERATED: &str = "Cargo.lock";

/// Lines that name such a host.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let hosts: Vec<String> = HOSTS.iter().map(|(name, end)| format!("{name}.{end}")).collect();
    let mut findings = Vec::new();
    for file in tree.files().filter(|file| file.name() != GENERATED) {
        for (index, line) in file.text.lines().enumerate() {
            if let Some(host) = hosts.iter().find(|host| line.contains(host.as_str())) {
                let what = format!("the registry host {host}: leave it to the machine's settings");
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
    fn every_host_is_found_but_not_in_the_lock_file() {
        for (name, end) in HOSTS {
            let text = format!("one\nurl = \"https://index.{name}.{end}/\"\n");
            let tree = Tree::of(&[("a.toml", &text), ("Cargo.lock", &text)]);
            let places: Vec<(String, usize)> =
                check(&tree).into_iter().map(|finding| (finding.path, finding.line)).collect();
            assert_eq!(places, [("a.toml".to_owned(), 2)], "{name}.{end}");
        }
    }
}
