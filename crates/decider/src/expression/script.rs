//! What a script reads, as far as its text tells.

use std::collections::BTreeSet;

/// The properties of `$` that a script names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScriptRoots {
    /// Only these, as `$.name` or `$['name']`.
    Names(BTreeSet<String>),
    /// `$` is used in another way: any property may be read.
    All,
}

/// Members that every object has and that look at the object as a whole.
const MEMBERS_OF_ALL: [&str; 8] = [
    "__proto__",
    "constructor",
    "hasOwnProperty",
    "isPrototypeOf",
    "propertyIsEnumerable",
    "toLocaleString",
    "toString",
    "valueOf",
];

/// The properties of `$` a JavaScript text may read, so that a condition loads only those.
///
/// A scan of the text without knowledge of the language: a `$` in a string or comment counts as
/// a use, so the answer names too much rather than too little.
#[must_use]
pub fn script_roots(script: &str) -> ScriptRoots {
    // An identifier may be written with escapes, and then nothing can be told from the text.
    if script.contains("\\u") {
        return ScriptRoots::All;
    }
    let mut names = BTreeSet::new();
    let mut before = None;
    let mut rest = script;
    while let Some(next) = rest.chars().next() {
        rest = rest.get(next.len_utf8()..).unwrap_or("");
        if next == '$' && !before.is_some_and(is_identifier) && !continues_identifier(rest) {
            match property(rest) {
                Some((name, _)) if MEMBERS_OF_ALL.contains(&name) => return ScriptRoots::All,
                Some((name, after)) => {
                    names.insert(name.to_owned());
                    rest = after;
                    before = None;
                    continue;
                }
                // The start of a hole in a template literal.
                None if rest.starts_with('{') => {}
                None => return ScriptRoots::All,
            }
        }
        before = Some(next);
    }
    ScriptRoots::Names(names)
}

fn is_identifier(next: char) -> bool {
    next.is_alphanumeric() || next == '_' || next == '$'
}

fn continues_identifier(rest: &str) -> bool {
    rest.chars().next().is_some_and(is_identifier)
}

/// The property that follows `$`, and the text behind it.
fn property(rest: &str) -> Option<(&str, &str)> {
    let rest = rest.trim_start();
    if let Some(member) = rest.strip_prefix("?.").or_else(|| rest.strip_prefix('.')) {
        let member = member.trim_start();
        if !member.starts_with('[') {
            let end = member.find(|next| !is_identifier(next)).unwrap_or(member.len());
            return member.split_at_checked(end).filter(|(name, _)| !name.is_empty());
        }
        return bracketed(member);
    }
    bracketed(rest)
}

/// `['name']` or `["name"]`.
fn bracketed(rest: &str) -> Option<(&str, &str)> {
    let inside = rest.strip_prefix('[')?.trim_start();
    let quote = inside.chars().next().filter(|next| matches!(next, '\'' | '"'))?;
    let inside = inside.strip_prefix(quote)?;
    let (name, after) = inside.split_once(quote)?;
    let after = after.trim_start().strip_prefix(']')?;
    if name.contains(['\\', '\n']) { None } else { Some((name, after)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(script: &str) -> Option<Vec<String>> {
        match script_roots(script) {
            ScriptRoots::Names(names) => Some(names.into_iter().collect()),
            ScriptRoots::All => None,
        }
    }

    #[test]
    fn plain_properties_are_named() {
        let cases: [(&str, &[&str]); 10] = [
            ("$.loop['iteration'] < $.max", &["loop", "max"]),
            ("if ( $ . a > 1 ) { true } else { $[\"b c\"].d }", &["a", "b c"]),
            ("$?.a && $?.['b']", &["a", "b"]),
            ("$._x + $.$y + $.é", &["$y", "_x", "é"]),
            ("`${$.a} of ${b}`", &["a"]),
            ("$x + y$ + $$", &[]),
            ("1 < 2", &[]),
            ("", &[]),
            ("globalThis.$.a", &["a"]),
            ("$.a.$.b", &["a", "b"]),
        ];
        for (script, expected) in cases {
            let found = names(script).expect(script);
            assert_eq!(found, expected, "{script}");
        }
    }

    #[test]
    fn any_other_use_means_everything() {
        for script in [
            "$",
            "f($)",
            "$[x]",
            "$['a' + b]",
            "$['a\\x62']",
            "const {a} = $;",
            "Object.keys($)",
            "$.hasOwnProperty('x')",
            "with ($) a",
            "$ /* x */ .a",
            "'5 $'",
            "\\u0024.a",
            "$.",
            "$[",
        ] {
            assert_eq!(script_roots(script), ScriptRoots::All, "{script}");
        }
    }
}
