//! No script takes more than its share, and none harms the next.

use std::time::{Duration, Instant};

use fermata_decider::needs::Evaluated;
use fermata_evaluators::{JavaScript, Limits};
use serde_json::json;

use crate::host::{run, run_on, short};

/// How much later than the wall limit an answer may come on a machine busy with other tests.
const SLACK: Duration = Duration::from_secs(3);

#[expect(clippy::disallowed_methods, reason = "the limit on real time is what is tested")]
fn is_cut(source: &str) {
    let evaluator = JavaScript::new(short());
    let before = Instant::now();
    let ended = run_on(&evaluator, source, &json!({}));
    assert!(matches!(ended, Evaluated::TimedOut(_)), "{source}: {ended:?}");
    assert!(before.elapsed() < short().wall + short().grace + SLACK, "{source}");
    let next = run_on(&evaluator, "1 + 1", &json!({}));
    assert!(matches!(next, Evaluated::Value(_)), "after {source}: {next:?}");
}

#[test]
fn endless_scripts_are_cut() {
    for source in [
        "while (true) {}",
        "for (;;) { try { throw 1; } catch (e) {} finally { continue; } }",
        "while (true) { try { while (true) {} } catch (e) {} }",
        "function again() { Promise.resolve().then(again); } again();",
        "throw { toString() { while (true) {} } }",
        "({ get x() { while (true) {} } })",
        "Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1)",
        "new Array(2 ** 32 - 1).includes(1)",
        "[3, 1, 2].sort(() => { while (true) {} })",
    ] {
        is_cut(source);
    }
}

#[test]
fn a_backtracking_expression_is_cut() {
    is_cut("/^(a+)+$/.test('a'.repeat(40) + 'b')");
    is_cut("'a'.repeat(100000).replace(/(a*)*b/g, '')");
}

#[test]
fn a_native_loop_that_does_not_look_at_the_clock_is_given_up() {
    // Quadratic, many seconds long, and without a question whether to go on.
    is_cut("'a'.repeat(6e5).indexOf('a'.repeat(3e5) + 'b')");
}

#[test]
fn the_message_names_the_limit() {
    let evaluator = JavaScript::new(Limits { wall: Duration::from_millis(4000), ..short() });
    assert_eq!(
        run_on(&evaluator, "while (true) {}", &json!({})),
        Evaluated::TimedOut("Script not evaluated within 4 seconds, interrupted.".to_owned())
    );
}

#[test]
fn operations_are_counted() {
    let evaluator = JavaScript::new(Limits { operations: 1_000_000, ..Limits::default() });
    let Evaluated::Failed(message) = run_on(&evaluator, "while (true) {}", &json!({})) else {
        panic!("the loop went on");
    };
    assert!(message.ends_with("more than 1000000 operations, interrupted"), "{message}");
}

#[test]
fn memory_is_bounded() {
    // Time is not what ends these, however busy the machine is.
    let wall = Duration::from_secs(120);
    let evaluator = JavaScript::new(Limits { wall, ..Limits::default() });
    for source in [
        "let a = []; while (true) a.push(new Array(1e6).fill(1));",
        "let a = []; while (true) { try { a.push('x'.repeat(1e6)); } catch (e) { throw e; } }",
        "'x'.repeat(1e9)",
        "let s = 'x'; while (true) s = s.replace(/x/g, 'xxx');",
        "new Uint8Array(1e9)",
        "new Array(1e8).fill(0)",
        "let o = {}; for (let i = 0; ; i++) o['k' + i] = i;",
        "let m = new Map(); for (let i = 0; ; i++) m.set({}, i);",
    ] {
        let ended = run_on(&evaluator, source, &json!({}));
        let Evaluated::Failed(message) = ended else { panic!("{source}: {ended:?}") };
        assert!(message.contains("out of memory") || message.contains("RangeError"), "{message}");
        let next = run_on(&evaluator, "[1].concat(2)", &json!({}));
        assert!(matches!(next, Evaluated::Value(_)), "after {source}: {next:?}");
    }
}

#[test]
fn the_stack_is_bounded() {
    for source in [
        "function f() { return f() + 1; } f()",
        "const f = () => [1].map(f); f()",
        "let o = {}; o.toString = () => '' + o; '' + o",
        "JSON.parse('['.repeat(1000000))",
        "let d = []; for (let i = 0; i < 1e6; i++) d = [d]; JSON.stringify(d)",
        "new RegExp('('.repeat(1e6))",
        &"(".repeat(500_000),
        &format!("{}1", "-".repeat(500_000)),
        &"[".repeat(1_000_000),
    ] {
        let ended = run(source, &json!({}));
        assert!(matches!(ended, Evaluated::Failed(_)), "{ended:?}");
    }
}

#[test]
fn results_and_sources_are_bounded() {
    let small = Limits { result: 100_000, ..Limits::default() };
    for (limits, source, part) in [
        (Limits::default(), "'x'.repeat(2 ** 20 * 11)", "the result is larger than 10485760 bytes"),
        (small, "new Array(4e9)", "the result is larger than 100000 bytes"),
        (small, "let a = []; for (let i = 0; i < 40; i++) a = [a, a]; a", "than 100000 bytes"),
        (small, &"1;".repeat(600_000), "the script is longer than 1048576 bytes"),
    ] {
        let ended = run_on(&JavaScript::new(limits), source, &json!({}));
        let Evaluated::Failed(message) = ended else { panic!("{ended:?}") };
        assert!(message.ends_with(part), "{message}");
    }
}

#[test]
fn evaluations_run_side_by_side() {
    let evaluator = JavaScript::new(short());
    std::thread::scope(|scope| {
        let endless = scope.spawn(|| run_on(&evaluator, "while (true) {}", &json!({})));
        let mut done = 0;
        while !endless.is_finished() && done < 50 {
            let ended = run_on(&evaluator, "$.n + 1", &json!({ "n": done }));
            assert!(matches!(ended, Evaluated::Value(_)), "{ended:?}");
            done += 1;
        }
        assert!(done > 0, "no evaluation ended beside the endless one");
        assert!(matches!(endless.join().expect("joined"), Evaluated::TimedOut(_)));
    });
}
