//! The shapes as the contract spells them: answers and definitions by snapshot, requests by what
//! clients send.

mod answers;
mod definitions;
mod nesting;
mod never_panics;
mod requests;

use serde::Serialize;

/// Indented JSON, for snapshots.
fn pretty(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).expect("shapes have text keys and no failing parts")
}
