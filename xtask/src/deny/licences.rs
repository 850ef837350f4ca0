//! Each package's licence must be one we accept.

use super::graph::Entry;
use super::{Policy, expression};

/// One line a package whose licence is missing, unreadable or not accepted.
pub fn check(policy: &Policy, packages: &[Entry]) -> Vec<String> {
    packages.iter().filter_map(|package| judge(policy, package)).collect()
}

fn judge(policy: &Policy, package: &Entry) -> Option<String> {
    let who = format!("{} {}", package.name, package.version);
    let Some(licence) = &package.licence else {
        return Some(format!("{who} states no licence"));
    };
    match expression::holds(licence, &|name| policy.accepts(&package.name, name)) {
        Some(true) => None,
        Some(false) => Some(format!("{who} is under `{licence}`, which deny.toml does not allow")),
        None => Some(format!("{who} has an unreadable licence expression: `{licence}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = r#"
        [graph]
        targets = []
        [licenses]
        allow = ["MIT"]
        exceptions = [{ name = "special", allow = ["Zlib"] }]
        [bans]
    "#;

    fn findings(name: &str, licence: Option<&str>) -> Vec<String> {
        let policy = Policy::parse(POLICY).expect("the sample is a policy");
        let licence = licence.map(str::to_owned);
        check(&policy, &[Entry { name: name.to_owned(), version: "1.0.0".to_owned(), licence }])
    }

    #[test]
    fn bad_licences_are_found() {
        assert_eq!(findings("a", None), ["a 1.0.0 states no licence"]);
        assert_eq!(
            findings("a", Some("GPL-3.0")),
            ["a 1.0.0 is under `GPL-3.0`, which deny.toml does not allow"]
        );
        assert_eq!(
            findings("a", Some("MIT OR")),
            ["a 1.0.0 has an unreadable licence expression: `MIT OR`"]
        );
    }

    #[test]
    fn an_exception_is_for_its_package_only() {
        assert!(findings("special", Some("Zlib")).is_empty());
        assert_eq!(findings("other", Some("Zlib")).len(), 1);
    }
}
