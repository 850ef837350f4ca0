//! Request and response shapes of the public surfaces, and nothing else.
//!
//! [`conductor`] spells the REST surface of the reference server field for field. Nothing here
//! decides, looks up or reads a clock: `fermata-api` fills the shapes and judges what it parsed.

pub mod conductor;
