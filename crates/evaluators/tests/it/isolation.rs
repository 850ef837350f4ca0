//! A script leaves nothing behind for the next one.

use fermata_decider::needs::Evaluated;
use fermata_evaluators::JavaScript;
use fermata_types::Payload;
use serde_json::json;

use crate::host::run_on;

#[test]
fn globals_and_prototypes_are_new_each_time() {
    let evaluator = JavaScript::default();
    let poison = "
        globalThis.left = 'behind'; var leftToo = 1; let shadowed = 2;
        Object.prototype.left = 'behind';
        Array.prototype.push = () => 'behind';
        String.prototype.toWellFormed = () => 'behind';
        JSON.parse = () => ({ left: 'behind' });
        Math.random = () => 'behind';
        Date = Math.max = Symbol.iterator.constructor = undefined;
        Object.defineProperty(globalThis, '$', { get: () => 'behind', configurable: false });
        Promise.resolve().then(function again() { globalThis.left = 'behind'; });
        Symbol.for('left').left = 1;
        'done'";
    let probe = "
        let shadowed = 3;
        [typeof left, typeof leftToo, ({}).left, [].push(1), '\\ud800'.toWellFormed() !== 'behind',
         JSON.parse('{}').left, typeof Math.random(), new Date().getTime(), Math.max(1, 2), $.n]";
    let clean = r#"["undefined","undefined",null,1,true,null,"number",1700000000000,2,4]"#;
    for _ in 0..20 {
        let poisoned = run_on(&evaluator, poison, &json!({}));
        assert!(matches!(poisoned, Evaluated::Value(_)), "{poisoned:?}");
        let seen = run_on(&evaluator, probe, &json!({ "n": 4 }));
        assert_eq!(
            seen,
            Evaluated::Value(Payload::from_value(&serde_json::from_str(clean).expect("JSON"),))
        );
    }
}
