//! What scripts may be and what their results become (`conductor-semantics` 5.7, 5.9, 5.19).

use serde_json::json;

use crate::host::{failure, text};

#[test]
fn the_last_expression_is_the_result() {
    let input = json!({ "a": { "b": [1, { "c": "deep" }] }, "n": 5 });
    for (source, expected) in [
        ("1 + 1", "2"),
        ("if ($.n > 3) { true; } else { false; }", "true"),
        ("function e() { if ($.n > 3) { return 'big'; } return 'small'; } e();", r#""big""#),
        ("(function () { return $.a.b[1].c; })()", r#""deep""#),
        ("(() => $['a']['b'].length)();", "2"),
        ("let x = 1; const y = 2; var z = x + y; z", "3"),
        ("for (var i = 0; i < 3; i++) { i * 10; }", "20"),
        ("$.n > 3 ? 'yes' : 'no'", r#""yes""#),
        ("$.missing", "null"),
        ("undefinedVariable = 7; undefinedVariable", "7"),
        ("$.a.b.map(x => typeof x).join()", r#""number,object""#),
        ("[1, 2, 3].at(-1) + Object.groupBy([1], x => 'k').k[0]", "4"),
        ("var o = {}; Promise.resolve(1).then(v => { o.v = v; }); o", r#"{"v":1}"#),
        ("", "null"),
    ] {
        assert_eq!(text(source, &input), expected, "{source}");
    }
}

#[test]
fn results_become_json() {
    for (source, expected) in [
        ("undefined", "null"),
        ("null", "null"),
        ("4.0", "4"),
        ("1.5", "1.5"),
        ("-0", "-0.0"),
        ("1e15", "1000000000000000"),
        ("9007199254740991", "9007199254740991"),
        ("1e20", "1e+20"),
        ("NaN", "null"),
        ("-Infinity", "null"),
        ("123456789012345678n", "123456789012345678"),
        ("Symbol('x')", "null"),
        ("(function f() {})", "null"),
        (
            "({ b: 1, a: [undefined, () => 1, { c: null }] })",
            r#"{"b":1,"a":[null,null,{"c":null}]}"#,
        ),
        ("'tab\\t \"quoted\" \\u0000 é 😀'", r#""tab\t \"quoted\" \u0000 é 😀""#),
        ("'😀'.substring(0, 1)", "\"\u{fffd}\""),
        ("({ ['😀'.substring(1)]: 1 })", "{\"\u{fffd}\":1}"),
        ("'ab'.repeat(3) + 'c'", r#""abababc""#),
        ("let s = ''; for (let i = 0; i < 1000; i++) s += 'é' + i; s.length", "3890"),
        (
            "let t = ''; for (let i = 0; i < 3; i++) t += 'long text '; t",
            "\"long text long text long text \"",
        ),
        ("[, 1]", "[null,1]"),
        ("let o = { x: 1 }; [o, o]", r#"[{"x":1},{"x":1}]"#),
        ("new Map([[1, 2]])", "{}"),
        ("({ get x() { return 5; } })", r#"{"x":5}"#),
        ("Object.create({ inherited: 1 })", "{}"),
    ] {
        assert_eq!(text(source, &json!({})), expected, "{source}");
    }
}

#[test]
fn the_input_is_a_copy() {
    let input = json!({ "list": [1], "__proto__": { "x": 1 } });
    assert_eq!(text("$.list.push(2); $.list", &input), "[1,2]");
    assert_eq!(text("$.list", &input), "[1]");
    assert_eq!(text("({}).x", &input), "null");
}

#[test]
fn failures_quote_the_script_and_name_the_line() {
    let long = format!("{}\nmissing()", " ".repeat(300));
    for (source, expected) in [
        (
            "let a = 1;\na.b.c",
            "Error evaluating the script `let a = 1;\na.b.c` at line 2: \
             TypeError: cannot read property 'c' of undefined",
        ),
        (
            "missing",
            "Error evaluating the script `missing` at line 1: \
             ReferenceError: missing is not defined",
        ),
        ("throw 'plain'", "Error evaluating the script `throw 'plain'`: plain"),
        (
            "throw new RangeError('far')",
            "Error evaluating the script `throw new RangeError('far')` at line 1: RangeError: far",
        ),
    ] {
        assert_eq!(failure(source, &json!({})), expected);
    }
    let message = failure(&long, &json!({}));
    assert!(message.contains(&format!("`{}` at line 2: ", " ".repeat(200))), "{message}");
}

#[test]
fn what_is_no_script_fails() {
    for (source, part) in [
        ("return 1", "at line 1: SyntaxError"),
        ("1 +\n\n* 2", "at line 3: SyntaxError"),
        ("import x from 'y'", "SyntaxError"),
        ("'\u{0}'; \u{0}", "Error evaluating the script"),
        ("throw { toString() { throw 1; } }", "a value without a text was thrown"),
        ("let a = []; a.push(a); a", "the result contains itself"),
        ("let d = []; for (let i = 0; i < 200; i++) d = [d]; d", "nested deeper than 100 levels"),
        ("2n ** 80n", "more than 64 bits"),
        ("({ get x() { throw new Error('inside'); } })", "Error: inside"),
    ] {
        let message = failure(source, &json!({}));
        assert!(message.contains(part), "{source}: {message}");
    }
}

#[test]
fn there_is_no_host() {
    for name in [
        "console",
        "print",
        "load",
        "std",
        "os",
        "require",
        "process",
        "Java",
        "Polyglot",
        "setTimeout",
        "fetch",
        "performance",
        "WeakRef",
        "FinalizationRegistry",
        "scriptArgs",
        "bjson",
        "Worker",
        "gc",
        "navigator",
    ] {
        assert_eq!(text(&format!("typeof {name}"), &json!({})), r#""undefined""#, "{name}");
    }
    let import = "var e; import('std').catch(x => { e = 'refused'; }); e";
    assert_eq!(text(import, &json!({})), "null");
    let later = "var o = {}; import('os').then(m => { o.m = 1; }, x => { o.no = 1; }); o";
    assert_eq!(text(later, &json!({})), r#"{"no":1}"#);
    let wait = "Atomics.wait(new Int32Array(new SharedArrayBuffer(8)), 0, 0)";
    assert!(failure(wait, &json!({})).contains("TypeError"));
}
