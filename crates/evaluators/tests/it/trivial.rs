//! The decider's native evaluation of trivial scripts against the engine: where it has an answer,
//! the engine has the same.

use fermata_decider::needs::{Evaluated, Language, Script};
use fermata_decider::script;
use fermata_evaluators::JavaScript;
use fermata_runtime::evaluator::Evaluator as _;
use fermata_types::Payload;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::host::NOW;

fn leaf() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "0",
            "1",
            "2",
            "-1",
            "3.5",
            "1e3",
            "0.1",
            "1e21",
            "9007199254740993",
            "''",
            "'a'",
            "\"b\"",
            "'10'",
            "'\\n'",
            "'é'",
            "true",
            "false",
            "null",
            "undefined",
        ])
        .prop_map(str::to_owned),
        prop::sample::select(vec![
            "$.n",
            "$.s",
            "$.t",
            "$.z",
            "$.o",
            "$.o.x",
            "$['o']['x']",
            "$.l",
            "$.l[0]",
            "$.l[9]",
            "$.l.length",
            "$.s.length",
            "$.missing",
            "$.missing.x",
            "$.z.x",
            "$.o['a b']",
            "$.o[0]",
            "$.o['0']",
            "$.l['0']",
            "$.toString",
            "$.o.__proto__",
            "$['n']",
            "$",
        ])
        .prop_map(str::to_owned),
    ]
}

fn expression() -> impl Strategy<Value = String> {
    leaf().prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            6 => (
                inner.clone(),
                prop::sample::select(vec![
                    "<", "<=", ">", ">=", "==", "!=", "===", "!==", "&&", "||", "+", "-", "*",
                    "/", "%",
                ]),
                inner.clone(),
                prop::sample::select(vec!["", " ", "\n"]),
            )
                .prop_map(|(left, operator, right, gap)| {
                    format!("{left}{gap}{operator}{gap}{right}")
                }),
            2 => inner.clone().prop_map(|inner| format!("({inner})")),
            1 => inner.clone().prop_map(|inner| format!("!{inner}")),
            1 => inner.clone().prop_map(|inner| format!("-{inner}")),
            1 => (inner.clone(), inner.clone(), inner)
                .prop_map(|(condition, chosen, other)| format!("{condition} ? {chosen} : {other}")),
        ]
    })
}

fn source() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => expression(),
        1 => expression().prop_map(|only| format!("{only};")),
        1 => (expression(), expression(), expression()).prop_map(|(condition, chosen, other)| {
            format!("if ({condition}) {{ {chosen}; }} else {{ {other} }}")
        }),
        1 => (expression(), expression(), expression()).prop_map(|(condition, chosen, other)| {
            format!("if ({condition}) {chosen}; else {other};")
        }),
        1 => (expression(), expression(), expression()).prop_map(|(first, second, value)| {
            format!("if ({first}) if ({second}) {value}; else 1")
        }),
    ]
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3_i64..4).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(vec!["", "a", "b", "10", "true", "null", "\u{10000}", "\u{ffff}"])
            .prop_map(Value::from),
    ]
}

fn input() -> impl Strategy<Value = Value> {
    (scalar(), scalar(), scalar(), prop::collection::vec(scalar(), 0..3)).prop_map(
        |(n, x, zero, list)| {
            json!({
                "n": n, "s": "text \u{1f600}", "t": true, "z": null,
                "o": { "x": x, "0": zero, "a b": 1 }, "l": list,
            })
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    #[test]
    fn what_is_trivial_is_the_same_in_the_engine(source in source(), input in input()) {
        let Some(value) = script::evaluate(&source, &input) else { return Ok(()) };
        let evaluator = JavaScript::default();
        let task = Script {
            language: Language::JavaScript,
            source: source.as_str().into(),
            input: Payload::from_value(&input),
        };
        let expected = Evaluated::Value(Payload::from_value(&value));
        prop_assert_eq!(evaluator.evaluate(&task, NOW), expected, "{}", source);
    }
}

#[test]
fn the_generator_makes_trivial_scripts_often_enough() {
    use proptest::strategy::ValueTree as _;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let trivial = (0..500)
        .filter(|_| {
            let source = source().new_tree(&mut runner).expect("a script").current();
            let input = input().new_tree(&mut runner).expect("an input").current();
            script::evaluate(&source, &input).is_some()
        })
        .count();
    assert!(trivial >= 100, "only {trivial} of 500 were trivial");
}
