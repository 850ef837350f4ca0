//! Scripts through the port, as the runtime calls it.

mod arbitrary;
mod determinism;
mod host;
mod isolation;
mod jq;
mod language;
mod limits;
mod trivial;
