//! One version of each package, and not too many packages.

use std::collections::BTreeMap;

use super::Policy;
use super::graph::Entry;

/// The most packages the graph may have, ours included: each one is code that somebody must trust
/// and that every build on two cores must compile.
pub const PACKAGES_MAX: usize = 350;

/// One line a package in several versions without a reason, a reason nobody needs, or an overrun.
pub fn check(policy: &Policy, packages: &[Entry]) -> Vec<String> {
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in packages {
        versions.entry(&package.name).or_default().push(&package.version);
    }
    versions.retain(|_, versions| versions.len() > 1);
    let mut findings = Vec::new();
    for (name, versions) in &versions {
        if !policy.bans.skip.iter().any(|skip| skip.name == *name) {
            findings.push(format!("{name} comes in versions {}", versions.join(" and ")));
        }
    }
    for skip in &policy.bans.skip {
        if skip.reason.trim().is_empty() {
            findings.push(format!("deny.toml skips {} without a reason", skip.name));
        }
        if !versions.contains_key(skip.name.as_str()) {
            findings.push(format!("deny.toml skips {}, which comes only once", skip.name));
        }
    }
    if packages.len() > PACKAGES_MAX {
        findings.push(format!("{} packages are over the {PACKAGES_MAX}", packages.len()));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(packages: &[(&str, &str)], skips: &str) -> Vec<String> {
        let policy =
            format!("[graph]\ntargets = []\n[licenses]\nallow = []\n[bans]\nskip = [{skips}]");
        let entry = |(name, version): &(&str, &str)| Entry {
            name: (*name).to_owned(),
            version: (*version).to_owned(),
            licence: None,
        };
        let packages: Vec<Entry> = packages.iter().map(entry).collect();
        check(&Policy::parse(&policy).expect("the sample is a policy"), &packages)
    }

    #[test]
    fn two_versions_need_a_reason() {
        let twice = [("a", "1.0.0"), ("a", "2.0.0"), ("b", "1.0.0")];
        assert_eq!(findings(&twice, ""), ["a comes in versions 1.0.0 and 2.0.0"]);
        assert!(findings(&twice, r#"{ name = "a", reason = "c needs the old one" }"#).is_empty());
        assert_eq!(
            findings(&twice, r#"{ name = "a", reason = " " }"#),
            ["deny.toml skips a without a reason"]
        );
    }

    #[test]
    fn a_reason_nobody_needs_is_found() {
        assert_eq!(
            findings(&[("a", "1.0.0")], r#"{ name = "a", reason = "gone by now" }"#),
            ["deny.toml skips a, which comes only once"]
        );
    }

    #[test]
    fn too_many_packages_are_found() {
        let names: Vec<String> = (0..=PACKAGES_MAX).map(|number| number.to_string()).collect();
        let packages: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "1")).collect();
        assert_eq!(findings(&packages, ""), ["351 packages are over the 350"]);
    }
}
