//! A trivial script, parsed once and evaluated often.

use serde_json::Value;

use super::operand::{self, Operand};
use super::parse::{self, Key, Node};

/// A parsed script that needs no engine.
#[derive(Debug, Clone, PartialEq)]
pub struct Trivial {
    root: Node,
}

impl Trivial {
    /// Parses a script; `None` when it is not trivial, too long, or no JavaScript at all.
    #[must_use]
    pub fn parse(source: &str) -> Option<Self> {
        parse::parse(source).map(|root| Self { root })
    }

    /// What the script may read of its input, in the order of the text: one list of keys for each
    /// path, indexes in decimal; the empty list is all of `$`.
    #[must_use]
    pub fn paths(&self) -> Vec<Vec<String>> {
        let mut found = Vec::new();
        collect_paths(&self.root, &mut found);
        found
    }

    /// The script's value with `input` as `$`. `None` where JavaScript's rules for this input are
    /// not followed here: conversions between types, inherited properties, errors, results that
    /// are lists or maps, numbers that are not finite.
    #[must_use]
    pub fn evaluate(&self, input: &Value) -> Option<Value> {
        evaluate_node(&self.root, input)?.into_value()
    }
}

/// Parses and evaluates at once; `None` means: not trivial, use the pool.
#[must_use]
pub fn evaluate(source: &str, input: &Value) -> Option<Value> {
    Trivial::parse(source)?.evaluate(input)
}

fn collect_paths(node: &Node, found: &mut Vec<Vec<String>>) {
    match node {
        Node::Undefined | Node::Null | Node::Bool(_) | Node::Number(_) | Node::Text(_) => {}
        Node::Path(keys) => found.push(keys.iter().map(key_text).collect()),
        Node::Not(inner) | Node::Negate(inner) => collect_paths(inner, found),
        Node::And(left, right) | Node::Or(left, right) | Node::Binary(_, left, right) => {
            collect_paths(left, found);
            collect_paths(right, found);
        }
        Node::Choice(condition, chosen, other) => {
            collect_paths(condition, found);
            collect_paths(chosen, found);
            collect_paths(other, found);
        }
    }
}

fn key_text(key: &Key) -> String {
    match key {
        Key::Name(name) => name.clone(),
        Key::Index(index) => index.to_string(),
    }
}

fn evaluate_node<'a>(node: &'a Node, input: &'a Value) -> Option<Operand<'a>> {
    match node {
        Node::Undefined => Some(Operand::Undefined),
        Node::Null => Some(Operand::Null),
        Node::Bool(value) => Some(Operand::Bool(*value)),
        Node::Number(number) => Operand::number(*number),
        Node::Text(text) => Some(Operand::Text(text.into())),
        Node::Path(keys) => {
            keys.iter().try_fold(Operand::of(input)?, |operand, key| operand.property(key))
        }
        Node::Not(inner) => Some(Operand::Bool(!evaluate_node(inner, input)?.is_true())),
        Node::Negate(inner) => evaluate_node(inner, input)?.negated(),
        Node::And(left, right) => match evaluate_node(left, input)? {
            left if left.is_true() => evaluate_node(right, input),
            left => Some(left),
        },
        Node::Or(left, right) => match evaluate_node(left, input)? {
            left if left.is_true() => Some(left),
            _ => evaluate_node(right, input),
        },
        Node::Binary(operator, left, right) => {
            let left = evaluate_node(left, input)?;
            operand::apply(*operator, &left, &evaluate_node(right, input)?)
        }
        Node::Choice(condition, chosen, other) => {
            let is_true = evaluate_node(condition, input)?.is_true();
            evaluate_node(if is_true { chosen } else { other }, input)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn input() -> Value {
        json!({
            "n": 3, "half": 0.5, "s": "abc", "t": true, "nil": null, "empty": "",
            "list": [1, "two", {"x": 9}], "map": {"a b": {"c": [7]}, "0": "zero"},
            "astral": "\u{10000}", "private": "\u{ffff}",
        })
    }

    #[test]
    fn what_is_certain_is_evaluated() {
        for (source, expected) in [
            ("$.n > 2", json!(true)),
            ("if ($.n > 2) { true; } else { false; }", json!(true)),
            ("if ($.n > 5) true; else false;", json!(false)),
            ("if ($.n > 5) { 'a' } else if ($.n == 3) { 'b' } else { 'c' }", json!("b")),
            ("if ($.n > 5) { 1 }", json!(null)),
            ("$['map']['a b'].c[0] + 1", json!(8)),
            ("$.map[0]", json!("zero")),
            ("$.list[2]['x']", json!(9)),
            ("$.list.length == 3 && $.s.length === 3", json!(true)),
            ("$.s == 'abc' ? 'yes' : 'no'", json!("yes")),
            ("$.missing > 1", json!(false)),
            ("$.missing == null", json!(true)),
            ("$.missing === null", json!(false)),
            ("$.missing", json!(null)),
            ("$.nil || $.empty || 'last'", json!("last")),
            ("!$.t", json!(false)),
            ("$.s + 'd'", json!("abcd")),
            ("7 / 2 + $.half", json!(4)),
            ("7 % 4 * 2 - 1 - 1", json!(4)),
            ("-(1 + 2)", json!(-3)),
            ("1 / 3", json!(1.0 / 3.0)),
            ("9007199254740991 + 2", json!(9_007_199_254_740_992.0)),
            ("$.astral < $.private", json!(true)),
            ("1 === '1'", json!(false)),
            ("1 < 2 == true", json!(true)),
            ("  $.n\n >= 3 ; ", json!(true)),
        ] {
            assert_eq!(evaluate(source, &input()), Some(expected), "{source}");
        }
    }

    #[test]
    fn everything_else_is_left_to_the_pool() {
        for source in [
            "",
            ";",
            "return 1",
            "1; 2",
            "x",
            "$.n + 'a'",
            "'10' > 9",
            "'1' == 1",
            "$.list",
            "$.map == $.map",
            "$.nil.x",
            "$.missing.x",
            "$.toString",
            "$.s.trim",
            "$.s[0]",
            "$.__proto__",
            "$.list['push']",
            "$.f()",
            "$[$.s]",
            "1 / 0",
            "if (1) 2 else 3",
            "if (1) { 2; 3 }",
            "if (1) {}",
            "function e() { return 1; } e();",
            "-'1'",
            "$.n = 4",
            "($.map).x",
            "$?.n",
        ] {
            assert_eq!(evaluate(source, &input()), None, "{source}");
        }
    }

    #[test]
    fn size_is_bounded() {
        assert_eq!(Trivial::parse(&"(".repeat(4000)), None);
        assert_eq!(Trivial::parse(&"!".repeat(4000)), None);
        assert_eq!(Trivial::parse(&format!("1{}", "+1".repeat(1000))), None);
        assert_eq!(Trivial::parse(&" ".repeat(10_000)), None);
    }

    #[test]
    fn paths_tell_what_is_read() {
        let trivial = Trivial::parse("$.a['b c'][0] > 1 ? $ : !$.d").expect("trivial");
        let expected: [&[&str]; 3] = [&["a", "b c", "0"], &[], &["d"]];
        assert_eq!(trivial.paths(), expected);
    }

    proptest! {
        #[test]
        fn no_text_panics(source in r#"[-$.a-c0-9'"()\[\]{}<>=!&|?:+*/% ;\\\n]{0,60}|\PC{0,40}"#) {
            // Whether it is trivial does not matter here; what it says has to be repeatable.
            prop_assert_eq!(evaluate(&source, &input()), evaluate(&source, &input()));
        }
    }
}
