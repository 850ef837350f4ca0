//! What queries may call: the libraries of jaq without what reaches the host.

use jaq_core::data::HasLut;
use jaq_core::native::{Fun, bome, run, v};
use jaq_core::{DataT, Error, Lut};
use jaq_json::Val;

/// What functions of a query may know besides their input.
#[derive(Debug)]
pub(super) enum Host {}

/// The knowledge itself.
#[derive(Clone)]
pub(super) struct Known<'a> {
    /// The compiled functions.
    pub(super) lut: &'a Lut<Host>,
    /// What `now` answers, in seconds since 1970: the time of the decision, not of the machine.
    pub(super) now: f64,
}

impl DataT for Host {
    type V<'a> = Val;
    type Data<'a> = Known<'a>;
}

impl<'a> HasLut<'a, Host> for Known<'a> {
    fn lut(&self) -> &'a Lut<Host> {
        self.lut
    }
}

/// Functions that reach the host: replaced by [`ours`].
const REPLACED: &[&str] = &["env", "halt", "now", "stderr_empty", "debug_empty"];

/// All functions.
pub(super) fn all() -> impl Iterator<Item = Fun<Host>> {
    jaq_core::funs()
        .chain(jaq_std::funs())
        .chain(jaq_json::funs())
        .filter(|(name, _, _)| !REPLACED.contains(name))
        .chain(ours())
}

fn ours() -> [Fun<Host>; 5] {
    [
        run(("env", v(0), |_| bome(Ok(Val::obj(jaq_json::Map::default()))))),
        run(("halt", v(1), |_| bome(Err(Error::str("halt is not available"))))),
        run(("now", v(0), |cv| bome(Ok(Val::from(cv.0.data().now))))),
        // What would be printed is dropped; the filters around these pass their input on.
        run(("stderr_empty", v(0), |_| Box::new(std::iter::empty()))),
        run(("debug_empty", v(0), |_| Box::new(std::iter::empty()))),
    ]
}
