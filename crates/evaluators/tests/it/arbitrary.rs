//! Arbitrary text never panics and never hangs.

use fermata_decider::needs::Evaluated;
use fermata_evaluators::{JavaScript, Limits};
use proptest::prelude::*;
use serde_json::json;

use crate::host::{run_on, short};

/// Pieces that make text a script more often than chance does.
const PIECES: [&str; 36] = [
    "$", ".a", "[0]", "(", ")", "{", "}", "[", "]", "=>", "function", " f", "return ", "let ", "1",
    "'x'", "`${", "}`", "/a/", ";", ",", "...", "class ", "extends ", "new ", "async ", "await ",
    "yield ", "throw ", "=", "+", "?.", "null", "typeof ", "delete ", "\n",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn no_text_breaks_the_evaluator(
        text in "\\PC{0,40}",
        pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..12),
        memory in 200_000_usize..4_000_000,
    ) {
        let evaluator = JavaScript::new(Limits { memory, ..short() });
        for source in [text, pieces.concat()] {
            let ended = run_on(&evaluator, &source, &json!({ "a": [1, "b", null] }));
            if let Evaluated::Failed(message) = &ended {
                prop_assert!(message.starts_with("Error evaluating the script `"), "{message}");
                prop_assert!(!message.ends_with("the engine broke down"), "{message}");
            }
        }
    }

    /// Memory may run out at any allocation; the engine has to come down in one piece.
    #[test]
    fn memory_may_end_anywhere(memory in 1_usize..600_000, step in 1_u32..2000) {
        let evaluator = JavaScript::new(Limits { memory, ..Limits::default() });
        let source = "
            class A { #p = [1]; get p() { return this.#p.map(String); } }
            let kept = [];
            for (let i = 0; i < $.n; i++) {
                let m = new Map([[i, new A()], [{}, Symbol('s')]]);
                kept.push(m, /(a+)b/.exec('aab'), JSON.parse('{\"x\":[1,{}]}'), `t${i}`, () => m);
                Promise.resolve(i).then(v => { throw new Error('e' + v); });
                try { kept.push(2n ** BigInt(i), [..'abc']); } catch (e) { kept.push(e.stack); }
            }
            kept.length".replace("..'abc'", "...'abc'");
        let ended = run_on(&evaluator, &source, &json!({ "n": step }));
        match ended {
            Evaluated::Value(_) => {}
            Evaluated::Failed(text) => {
                prop_assert!(!text.ends_with("the engine broke down"), "{text}");
            }
            Evaluated::TimedOut(text) => prop_assert!(false, "{text}"),
        }
        let next = run_on(&JavaScript::default(), "1", &json!({}));
        prop_assert!(matches!(next, Evaluated::Value(_)));
    }
}
