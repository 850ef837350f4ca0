//! The same script with the same input at the same time has the same result.

use fermata_decider::needs::{Evaluated, Language, Script};
use fermata_evaluators::JavaScript;
use fermata_runtime::evaluator::Evaluator as _;
use fermata_types::{Payload, Timestamp};
use serde_json::{Value, json};

use crate::host::{NOW, text};

fn at(now: i64, input: &Value) -> Evaluated {
    let source = "[Math.random(), Math.random(), Date.now(), new Date().toISOString()]";
    let script = Script {
        language: Language::JavaScript,
        source: source.into(),
        input: Payload::from_value(input),
    };
    JavaScript::default().evaluate(&script, Timestamp::from_ms(now))
}

#[test]
fn time_and_random_come_from_the_context() {
    assert_eq!(at(1, &json!({})), at(1, &json!({})));
    assert_ne!(at(1, &json!({})), at(2, &json!({})));
    assert_ne!(at(1, &json!({})), at(1, &json!({ "n": 1 })));
}

#[test]
fn every_door_to_the_clock_shows_the_same_time() {
    let now = NOW.as_ms().to_string();
    for source in [
        "Date.now()",
        "new Date().getTime()",
        "+new Date",
        "new Date(0).constructor.now()",
        "new (new Date(0).constructor)().getTime()",
        "class Mine extends Date {} new Mine().getTime()",
        "Reflect.construct(Date, []).getTime()",
        "eval('Date.now()')",
        "new Function('return +new Date')()",
        "Date.parse(Date()) + Date.now() % 1000",
    ] {
        assert_eq!(text(source, &json!({})), now, "{source}");
    }
}

#[test]
fn dates_are_dates() {
    for (source, expected) in [
        ("new Date(0).toISOString()", r#""1970-01-01T00:00:00.000Z""#),
        ("new Date() instanceof Date", "true"),
        ("Date.UTC(2020, 1, 29)", "1582934400000"),
        ("Date.name + typeof Date + Date.length", r#""Datefunction7""#),
        ("new Date('2020-01-01T00:00:00Z').getTime()", "1577836800000"),
        ("Object.keys(Date).length", "0"),
        ("let r = Math.random(); r >= 0 && r < 1 && r !== Math.random()", "true"),
    ] {
        assert_eq!(text(source, &json!({})), expected, "{source}");
    }
}
