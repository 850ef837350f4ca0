//! One query over one input. Bounds the size of the results and nothing else.

use std::collections::VecDeque;

use jaq_core::load::{self, Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Filter, Vars};
use jaq_json::{Val, read};

use crate::jq::functions::{self, Host, Known};
use crate::jq::json::Text;
use crate::jq::limits::COMPILED_MAX;
use crate::limits::MESSAGE_CHARS_MAX;

/// Filters of jq 1.6 that the libraries lack.
const MORE: &str = include_str!("more.jq");

/// Compiled queries, those used last first.
#[derive(Default)]
pub(super) struct Queries {
    compiled: VecDeque<(Box<str>, Filter<Host>)>,
}

impl Queries {
    /// The JSON array of all results, at most `result_max` bytes of it; `now_ms` is the time in
    /// milliseconds since 1970.
    ///
    /// # Errors
    /// A message: the query does not parse, it names what there is not, it failed, or its
    /// results are no JSON or too much of it.
    pub(super) fn run(
        &mut self,
        query: &str,
        input: &[u8],
        now_ms: i64,
        result_max: usize,
    ) -> Result<Vec<u8>, String> {
        let filter = self.compiled(query)?;
        let input = read::parse_single(input).map_err(|error| format!("the input: {error}"))?;
        let now = now_ms as f64 / 1000.0;
        let known = Known { lut: &filter.lut, now };
        // `$ENV` is as empty as the environment.
        let environment = Val::obj(jaq_json::Map::default());
        let context = Ctx::<Host>::new(known, Vars::new([environment]));
        let mut text = Text::new(result_max);
        let not_json = |error: crate::jq::json::NotJson| error.to_string();
        text.raw(b"[").map_err(not_json)?;
        for (at, result) in filter.id.run((context, input)).enumerate() {
            let result = result.map_err(|thrown| match thrown.get_err() {
                Ok(error) => message(&error.into_val()),
                Err(_) => "the query left the loop it was in".to_owned(),
            })?;
            if at > 0 {
                text.raw(b",").map_err(not_json)?;
            }
            text.value(&result, 0).map_err(not_json)?;
        }
        text.raw(b"]").map_err(not_json)?;
        Ok(text.into_bytes())
    }

    fn compiled(&mut self, query: &str) -> Result<&Filter<Host>, String> {
        let known = self.compiled.iter().position(|(text, _)| **text == *query);
        let entry = match known.and_then(|at| self.compiled.remove(at)) {
            Some(entry) => entry,
            None => (query.into(), compile(query)?),
        };
        self.compiled.truncate(COMPILED_MAX - 1);
        self.compiled.push_front(entry);
        let (_, filter) = self.compiled.front().expect("one has just been pushed");
        Ok(filter)
    }
}

fn compile(query: &str) -> Result<Filter<Host>, String> {
    let ours = load::parse(MORE, |parser| parser.defs()).expect("a test compiles it");
    let definitions = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs()).chain(ours);
    let arena = Arena::default();
    let file = File { code: query, path: () };
    let modules = Loader::new(definitions).load(&arena, file).map_err(|errors| {
        let first = errors.into_iter().next().map(|(_, error)| unreadable(query, &error));
        first.unwrap_or_else(|| "the query cannot be read".to_owned())
    })?;
    let compiler = Compiler::default().with_funs(functions::all()).with_global_vars(["$ENV"]);
    compiler.compile(modules).map_err(|errors| {
        let first = errors.into_iter().flat_map(|(_, errors)| errors).next();
        first.map_or_else(
            || "the query cannot be compiled".to_owned(),
            |(name, kind)| cut(format!("undefined {} {name}", kind.as_str())),
        )
    })
}

fn unreadable(query: &str, error: &load::Error<&str>) -> String {
    let (expected, found) = match error {
        load::Error::Io(errors) => {
            let name = errors.first().map_or("", |(name, _)| name);
            return cut(format!("modules are not available: {name}"));
        }
        load::Error::Lex(errors) => match errors.first() {
            Some((expected, found)) => (expected.as_str(), *found),
            None => ("something else", ""),
        },
        load::Error::Parse(errors) => match errors.first() {
            Some((expected, found)) => (expected.as_str(), *found),
            None => ("something else", ""),
        },
    };
    let at = load::span(query, found).start;
    let near: String = query.get(at..).unwrap_or("").chars().take(20).collect();
    if near.is_empty() {
        format!("the query does not parse: expected {expected} at its end")
    } else {
        format!("the query does not parse: expected {expected} at byte {at}, near `{near}`")
    }
}

/// What a query threw: a text as it is, anything else as JSON.
fn message(thrown: &Val) -> String {
    match thrown {
        Val::TStr(text) => cut(String::from_utf8_lossy(text).into_owned()),
        other => cut(other.to_string()),
    }
}

fn cut(text: String) -> String {
    match text.char_indices().nth(MESSAGE_CHARS_MAX) {
        Some((end, _)) => text.get(..end).unwrap_or("").to_owned(),
        None => text,
    }
}
