//! Reading requests: bodies with their limits, query parameters, segments of the path. Lenient as
//! `conductor-rest` 0 says; what cannot be read is a 400 that names the field.

mod body;
mod depth;
mod ids;
mod params;
mod segments;

pub(crate) use body::{Json, JsonList, Object, Raw};
pub use depth::BODY_DEPTH_MAX;
pub(crate) use ids::{run_id, task_of};
pub(crate) use params::Params;
pub(crate) use segments::Segments;
