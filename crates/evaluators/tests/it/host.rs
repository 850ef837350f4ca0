//! What the tests share: one call through the port.

use std::time::Duration;

use fermata_decider::needs::{Evaluated, Language, Script};
use fermata_evaluators::{JavaScript, Limits};
use fermata_runtime::evaluator::Evaluator as _;
use fermata_types::{Payload, Timestamp};
use serde_json::Value;

/// 2023-11-14T22:13:20Z.
pub const NOW: Timestamp = Timestamp::from_ms(1_700_000_000_000);

/// Evaluates with the limits of production.
pub fn run(source: &str, input: &Value) -> Evaluated {
    // Patient: what is tested here must not depend on how busy the machine is.
    let limits = Limits { wall: Duration::from_secs(120), ..Limits::default() };
    run_on(&JavaScript::new(limits), source, input)
}

/// Evaluates on this evaluator.
pub fn run_on(evaluator: &JavaScript, source: &str, input: &Value) -> Evaluated {
    let script = Script {
        language: Language::JavaScript,
        source: source.into(),
        input: Payload::from_value(input),
    };
    evaluator.evaluate(&script, NOW)
}

/// The result, as the bytes that were written.
pub fn text(source: &str, input: &Value) -> String {
    match run(source, input) {
        Evaluated::Value(payload) => String::from_utf8(payload.bytes().to_vec()).expect("UTF-8"),
        other => panic!("{source}: {other:?}"),
    }
}

/// The message of a failure that is not about time.
pub fn failure(source: &str, input: &Value) -> String {
    match run(source, input) {
        Evaluated::Failed(message) => message,
        other => panic!("{source}: {other:?}"),
    }
}

/// Limits under which a test of a limit does not take long.
pub fn short() -> Limits {
    Limits { wall: Duration::from_secs(1), grace: Duration::from_millis(500), ..Limits::default() }
}
