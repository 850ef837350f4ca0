//! jq in real children: the language, what the host does not give, and the limits.

use std::sync::Arc;
use std::time::Duration;

use fermata_decider::needs::{Evaluated, Language, Script};
use fermata_evaluators::jq::{JqInProcess, JqLimits, JqPool, JqProgram};
use fermata_runtime::evaluator::Evaluator;
use fermata_types::Payload;
use serde_json::{Value, json};

use crate::host::NOW;

fn pool(limits: JqLimits) -> JqPool {
    let path = env!("CARGO_BIN_EXE_jq-worker").into();
    JqPool::new(JqProgram { path, arguments: Vec::new() }, limits)
}

/// Patient: what is tested with it must not depend on how busy the machine is.
fn patient() -> JqLimits {
    JqLimits { wall: Duration::from_secs(120), ..JqLimits::default() }
}

/// For what only the clock ends.
fn short() -> JqLimits {
    JqLimits { wall: Duration::from_secs(1), ..JqLimits::default() }
}

fn ask(evaluator: &dyn Evaluator, query: &str, input: &Value) -> Evaluated {
    let input = Payload::from_value(input);
    let script = Script { language: Language::Jq, source: query.into(), input };
    evaluator.evaluate(&script, NOW)
}

/// Results as text, from a child and from this process, which must agree.
fn results(pool: &JqPool, query: &str, input: &Value) -> String {
    let ended = ask(pool, query, input);
    assert_eq!(ended, ask(&JqInProcess, query, input), "{query}");
    match ended {
        Evaluated::Value(payload) => String::from_utf8(payload.bytes().to_vec()).expect("UTF-8"),
        other => panic!("{query}: {other:?}"),
    }
}

fn failure(pool: &JqPool, query: &str, input: &Value) -> String {
    match ask(pool, query, input) {
        Evaluated::Failed(message) => message,
        other => panic!("{query}: {other:?}"),
    }
}

#[test]
fn queries_have_results() {
    let pool = pool(patient());
    let input = json!({
        "queryExpression": ".", "items": [{"k": "a", "n": 1}, {"k": "b", "n": 2.5}],
        "big": 9_007_199_254_740_993_i64, "text": "grüße\n\"\u{1}"
    });
    for (query, expected) in [
        (".items | map(.n) | add", "[3.5]"),
        (".items[] | .k", r#"["a","b"]"#),
        ("empty", "[]"),
        (".missing", "[null]"),
        (".big", "[9007199254740993]"),
        (".text", r#"["grüße\n\"\u0001"]"#),
        ("{a: .items[0], b: []}", r#"[{"a":{"k":"a","n":1},"b":[]}]"#),
        ("[.items[] | select(.n > 1)] | length", "[1]"),
        (".items | group_by(.k) | map({(.[0].k): length}) | add", r#"[{"a":1,"b":1}]"#),
        ("to_entries | map(.key) | join(\",\")", r#"["queryExpression,items,big,text"]"#),
        ("def f(x): x * 2; f(21)", "[42]"),
        ("try error(\"x\") catch .", r#"["x"]"#),
        ("[.items[].n | tostring] | @csv", r#"["\"1\",\"2.5\""]"#),
        (".queryExpression | test(\"^.$\")", "[true]"),
        ("reduce range(5) as $n (0; . + $n)", "[10]"),
        ("\"2015-03-05T23:51:47Z\" | fromdate", "[1425599507]"),
        ("[limit(3; repeat(1))]", "[[1,1,1]]"),
    ] {
        assert_eq!(results(&pool, query, &input), expected, "{query}");
    }
}

#[test]
fn filters_of_jq_are_there_that_its_reimplementation_lacks() {
    let pool = pool(patient());
    let input = json!({"a": [1, {"b": "x\"y"}], "t": ["q\"", "a\tb\\", null, true, 1.5]});
    for (query, expected) in [
        (".t | @csv", r#"["\"q\"\"\",\"a\tb\\\",,true,1.5"]"#),
        (".t | @tsv", r#"["q\"\ta\\tb\\\\\t\ttrue\t1.5"]"#),
        ("[.a | tostream]", r#"[[[[0],1],[[1,"b"],"x\"y"],[[1,"b"]],[[1]]]]"#),
        ("fromstream(tostream) == .", "[true]"),
        ("[1 | truncate_stream([[0],1],[[1,0],2],[[1,0]],[[1]])]", "[[[[0],2],[[0]]]]"),
        ("[.a[0] | IN(1, 2), IN(3)]", "[[true,false]]"),
        ("setpath([\"z\", 2, \"y\"]; 1).z", r#"[[null,null,{"y":1}]]"#),
        ("INDEX(.a[1]; .b)", r#"[{"x\"y":{"b":"x\"y"}}]"#),
        ("[leaf_paths] | length", "[6]"),
        ("65 | ascii", r#"["A"]"#),
        ("isvalid(.a.b), isvalid(.a)", "[false,true]"),
    ] {
        assert_eq!(results(&pool, query, &input), expected, "{query}");
    }
}

#[test]
fn results_are_json() {
    let pool = pool(patient());
    let none = json!({});
    for (query, expected) in [
        ("nan, infinite, -infinite", "[null,1.7976931348623157e+308,-1.7976931348623157e+308]"),
        ("1e1000", "[1e1000]"),
        ("3.0, 1e3, 1.10", "[3.0,1e3,1.10]"),
        ("100000000000000000000 * 10", "[1000000000000000000000]"),
    ] {
        assert_eq!(results(&pool, query, &none), expected, "{query}");
    }
    for (query, expected) in [
        ("{(1): 2}", "the key of an object is no string"),
        ("\"a\" | tobytes", "a byte string cannot be a result"),
        ("reduce range(200) as $n (0; [.])", "the result is nested deeper than 100 levels"),
        ("range(1e12)", "the result is larger than 10485760 bytes"),
        ("\"x\" * 11000000", "the result is larger than 10485760 bytes"),
    ] {
        assert_eq!(failure(&pool, query, &none), expected, "{query}");
    }
}

#[test]
fn failures_say_why() {
    let pool = pool(patient());
    let input = json!({"a": 1});
    for (query, expected) in [
        (".a | error(\"no\")", "no"),
        ("error({code: 7})", r#"{"code":7}"#),
        (".a.b", "cannot index 1 with \"b\""),
        (".[", "the query does not parse: expected closing bracket at its end"),
        ("", "the query does not parse: expected term at its end"),
        ("nosuch(1)", "undefined filter nosuch"),
        ("$x", "undefined variable $x"),
        ("include \"m\"; .", "modules are not available: m"),
        ("halt", "halt is not available"),
    ] {
        assert_eq!(failure(&pool, query, &input), expected, "{query}");
    }
}

#[test]
fn the_host_gives_nothing_away() {
    let pool = pool(patient());
    let none = json!({});
    assert_eq!(results(&pool, "env, $ENV", &none), "[{},{}]");
    assert_eq!(results(&pool, "now", &none), "[1700000000.0]");
    assert_eq!(results(&pool, "debug | stderr", &none), "[{}]");
    for query in ["input", "inputs", "input_filename", "get_search_list"] {
        assert!(failure(&pool, query, &none).starts_with("undefined"), "{query}");
    }
}

fn goes_on(pool: &JqPool, after: &str) {
    assert_eq!(results(pool, ".n + 1", &json!({"n": 1})), "[2]", "after {after}");
}

#[test]
fn endless_queries_are_killed() {
    let pool = pool(short());
    for query in
        ["def f: f; f", "[range(1e12) | select(. < 0)]", "last(repeat(1))", "until(false; .)"]
    {
        let ended = ask(&pool, query, &json!({}));
        let message = "Query not evaluated within 1 seconds, interrupted.".to_owned();
        assert_eq!(ended, Evaluated::TimedOut(message), "{query}");
        goes_on(&pool, query);
    }
}

#[test]
fn hungry_queries_are_killed() {
    let pool = pool(JqLimits { memory: 32 << 20, ..patient() });
    for query in [
        "[range(1e12)]",
        "reduce range(60) as $n (\"x\"; . + .) | length",
        "\"0123456789\" * 100000 as $x | reduce range(1e12) as $n (\"\"; . + $x) | length",
        "\"x\" * 1000000000000",
        "[limit(1e9; repeat(\"0123456789\"))] | add | length",
        "[range(1e12) | {n: .}] | length",
    ] {
        let message = failure(&pool, query, &json!({}));
        assert_eq!(message, "the query needs more memory than it may have", "{query}");
        goes_on(&pool, query);
    }
}

#[test]
fn deep_queries_are_killed() {
    let pool = pool(patient());
    let deep = "the query is nested or recurses too deep";
    for query in ["def f: 1 + f; f", &"(".repeat(500_000), &format!("{}1", "-".repeat(500_000))] {
        let message = failure(&pool, query, &json!({}));
        let start: String = query.chars().take(20).collect();
        assert_eq!(message, deep, "{start}");
        goes_on(&pool, &start);
    }
}

#[test]
fn large_inputs_pass() {
    let pool = pool(patient());
    let items: Vec<Value> = (0..40_000).map(|n| json!({"n": n, "text": "0123456789"})).collect();
    let input = json!({ "items": items });
    assert_eq!(results(&pool, ".items | map(.n) | add", &input), "[799980000]");
    goes_on(&pool, "a large input");
}

#[test]
fn others_go_on_beside_a_bomb() {
    let pool = Arc::new(pool(short()));
    std::thread::scope(|scope| {
        let bomb = scope.spawn(|| ask(&*pool, "def f: f; f", &json!({})));
        let mut done = 0;
        while !bomb.is_finished() && done < 200 {
            assert!(matches!(ask(&*pool, ".n", &json!({"n": done})), Evaluated::Value(_)));
            done += 1;
        }
        assert!(done > 0, "no query ended beside the bomb");
        assert!(matches!(bomb.join().expect("joined"), Evaluated::TimedOut(_)));
    });
}

#[test]
fn more_queries_than_children_wait_for_their_turn() {
    let pool = pool(patient());
    std::thread::scope(|scope| {
        let askers: Vec<_> = (0..40)
            .map(|n| {
                let pool = &pool;
                scope.spawn(move || ask(pool, "[range(20000)] | add", &json!({"n": n})))
            })
            .collect();
        for asker in askers {
            let ended = asker.join().expect("joined");
            assert_eq!(ended, Evaluated::Value(Payload::from_value(&json!([199_990_000]))));
        }
    });
}

#[test]
fn a_program_that_is_not_there_fails_the_query() {
    let program = JqProgram { path: "/nowhere/jq".into(), arguments: Vec::new() };
    let pool = JqPool::new(program, patient());
    let message = failure(&pool, ".", &json!({}));
    assert!(message.starts_with("no jq process can be started: "), "{message}");
}

#[test]
fn a_program_that_does_something_else_fails_the_query() {
    let program = JqProgram { path: "/bin/sh".into(), arguments: vec!["-c".into(), "exit".into()] };
    let pool = JqPool::new(program, patient());
    assert_eq!(failure(&pool, ".", &json!({})), "the query's process broke down");
}
