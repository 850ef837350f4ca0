//! Runs that do their worst, to see what they do to others.

use serde_json::{Value, json};

use super::Subject;
use super::steps::{step, step_with, workflow};

/// Bytes of the large payload: under the hard limits of Conductor's defaults.
const PAYLOAD_BYTES: usize = 10_000_000;

/// A way to be a burden.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Noise {
    /// A script that never ends.
    EndlessScript,
    /// A query that makes more than any memory holds.
    QueryBomb,
    /// A loop that never ends.
    EndlessLoop,
    /// Ten megabytes of input, and a variable made of a part of it.
    LargePayload,
}

impl Noise {
    pub(crate) const ALL: [Self; 4] =
        [Self::EndlessScript, Self::QueryBomb, Self::EndlessLoop, Self::LargePayload];

    /// The name printed with its figures.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::EndlessScript => "endless script",
            Self::QueryBomb => "jq bomb",
            Self::EndlessLoop => "endless loop",
            Self::LargePayload => "10 MB payload",
        }
    }

    /// The input of its runs.
    pub(crate) fn input(self) -> Value {
        match self {
            Self::LargePayload => json!({ "blob": "x".repeat(PAYLOAD_BYTES), "small": 1 }),
            _ => json!({}),
        }
    }

    fn steps(self) -> Vec<Value> {
        match self {
            Self::EndlessScript => {
                let script = json!({
                    "evaluatorType": "javascript",
                    "expression": "(function () { while (true) {} })()",
                });
                vec![step("INLINE", "script", script)]
            }
            Self::QueryBomb => {
                let query = json!({ "queryExpression": "[range(1; 1000000000000)] | length" });
                vec![step("JSON_JQ_TRANSFORM", "query", query)]
            }
            Self::EndlessLoop => {
                let turn =
                    step("SET_VARIABLE", "turn", json!({ "at": "${loop.output.iteration}" }));
                let fields = json!({ "loopCondition": "true", "loopOver": [turn] });
                vec![step_with("DO_WHILE", "loop", json!({}), fields)]
            }
            Self::LargePayload => {
                let read = json!({
                    "evaluatorType": "javascript", "blob": "${workflow.input.blob}",
                    "expression": "(function () { return $.blob.length; })()",
                });
                vec![step("INLINE", "read", read)]
            }
        }
    }

    const fn workflow(self) -> &'static str {
        match self {
            Self::EndlessScript => "fermata_bench_noise_script",
            Self::QueryBomb => "fermata_bench_noise_query",
            Self::EndlessLoop => "fermata_bench_noise_loop",
            Self::LargePayload => "fermata_bench_noise_payload",
        }
    }
}

/// The workflow of a noise; it has no worker tasks.
pub(crate) fn noise(noise: Noise) -> Subject {
    let mut subject = Subject::new(noise.workflow(), "", Vec::new());
    subject.definitions = vec![workflow(noise.workflow(), noise.steps())];
    subject
}
