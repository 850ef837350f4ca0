//! One evaluation in one QuickJS engine. An engine is built, used once and thrown away: nothing a
//! script does to globals or prototypes can be seen by the next one, and what it leaves in memory
//! goes with it. Building one takes about as long as a context alone (0.1 ms), and is done ahead.
//!
//! No host access: no modules, no `std` and `os`, no timers, no console; no `WeakRef`, which would
//! show when memory is collected. Time and random numbers are functions of the evaluation's input.

use std::cell::Cell;
use std::rc::Rc;

use rquickjs::context::{EvalOptions, intrinsic};
use rquickjs::{Context, Ctx, Error, Function, Object, Runtime, Value};

use crate::budget::{Budget, Cut};
use crate::convert::{self, ConvertError};
use crate::limits::{Limits, MEMORY_FOR_ERROR, OPERATIONS_PER_CHECK, SOURCE_MAX, STACK_MAX};
use crate::message;
use crate::random::Random;

/// What scripts can use of the language, and nothing else.
type Intrinsics = (
    intrinsic::Date,
    intrinsic::Eval,
    intrinsic::RegExpCompiler,
    intrinsic::RegExp,
    intrinsic::Json,
    intrinsic::Proxy,
    intrinsic::MapSet,
    intrinsic::TypedArrays,
    intrinsic::Promise,
);

/// Replaces the clock and the random numbers; a function of the new ones.
const PRELUDE: &str = include_str!("prelude.js");
/// The name of the script in stack traces.
const SCRIPT_NAME: &str = "script";

/// What is to be evaluated.
#[derive(Debug, Clone)]
pub(crate) struct Task<S, I> {
    /// JavaScript.
    pub(crate) source: S,
    /// What the script sees as `$`, as JSON text.
    pub(crate) input: I,
    /// What the script sees as the time, in milliseconds since the Unix epoch.
    pub(crate) now_ms: i64,
}

/// How an evaluation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The result as JSON text.
    Value(Vec<u8>),
    /// The script threw, did not parse, or broke a limit other than time.
    Failed(String),
    /// The script ran out of time.
    TimedOut(String),
}

/// An engine that has not run a script yet. Bound to the thread it was built on.
pub(crate) struct Engine {
    context: Context,
    runtime: Runtime,
    budget: Rc<Budget>,
    now: Rc<Cell<f64>>,
    random: Rc<Cell<Random>>,
}

impl Engine {
    /// Builds an engine.
    ///
    /// # Errors
    /// Memory is short.
    pub(crate) fn new() -> Result<Self, Error> {
        let runtime = Runtime::new()?;
        runtime.set_max_stack_size(STACK_MAX);
        let budget = Rc::new(Budget::default());
        let asked = Rc::clone(&budget);
        runtime.set_interrupt_handler(Some(Box::new(move || asked.spend(OPERATIONS_PER_CHECK))));
        let context = Context::custom::<Intrinsics>(&runtime)?;
        let now = Rc::new(Cell::new(0.0));
        let random = Rc::new(Cell::new(Random::default()));
        context.with(|ctx| replace_clock_and_random(&ctx, &now, &random))?;
        Ok(Self { context, runtime, budget, now, random })
    }

    /// Runs one script. An engine is good for one: the next would see what this one left.
    pub(crate) fn run<S, I>(&self, task: &Task<S, I>, limits: &Limits) -> Outcome
    where
        S: AsRef<str>,
        I: AsRef<[u8]>,
    {
        let source = task.source.as_ref();
        if source.len() > SOURCE_MAX {
            return Outcome::Failed(message::failed(source, None, &message::too_long()));
        }
        self.random.set(Random::seeded(source, task.input.as_ref(), task.now_ms));
        #[expect(clippy::cast_precision_loss, reason = "a time of JavaScript is a double")]
        self.now.set(task.now_ms as f64);
        self.runtime.set_memory_limit(limits.memory);
        self.budget.begin(limits.wall, limits.operations);
        match self.context.with(|ctx| self.evaluate(&ctx, source, task, limits)) {
            Ok(json) => Outcome::Value(json),
            Err(error) => self.explain(source, error, limits),
        }
    }

    fn evaluate<'js, S, I: AsRef<[u8]>>(
        &self,
        ctx: &Ctx<'js>,
        source: &str,
        task: &Task<S, I>,
        limits: &Limits,
    ) -> Result<Vec<u8>, ConvertError> {
        let globals = ctx.globals();
        let well_formed = well_formed(&globals)?;
        globals.set("$", ctx.json_parse(task.input.as_ref())?)?;
        let mut options = EvalOptions::default();
        options.strict = false;
        options.filename = Some(SCRIPT_NAME.to_owned());
        let value: Value<'js> = ctx.eval_with_options(source, options)?;
        // As upstream: reactions of settled promises run before the result is read.
        while !self.budget.spend(1) && ctx.execute_pending_job() {}
        if self.budget.cut().is_some() {
            return Err(Error::Exception.into());
        }
        convert::to_json(&value, &well_formed, limits.result)
    }

    fn explain(&self, source: &str, error: ConvertError, limits: &Limits) -> Outcome {
        if let Some(outcome) = self.cut(source, limits) {
            return outcome;
        }
        // The exception is still pending in the engine.
        self.runtime.set_memory_limit(limits.memory.saturating_add(MEMORY_FOR_ERROR));
        let thrown = match error {
            ConvertError::Engine(Error::Exception | Error::Unknown | Error::Allocation) => {
                self.context.with(|ctx| message::thrown(&ctx, SCRIPT_NAME))
            }
            other => message::Thrown { line: None, message: other.to_string() },
        };
        // Reading the error may have run more of the script.
        self.cut(source, limits).unwrap_or_else(|| {
            Outcome::Failed(message::failed(source, thrown.line, &thrown.message))
        })
    }

    fn cut(&self, source: &str, limits: &Limits) -> Option<Outcome> {
        Some(match self.budget.cut()? {
            Cut::Time => Outcome::TimedOut(message::timed_out(limits)),
            Cut::Operations => {
                let limit = message::too_many_operations(limits);
                Outcome::Failed(message::failed(source, None, &limit))
            }
        })
    }
}

fn replace_clock_and_random(
    ctx: &Ctx<'_>,
    now: &Rc<Cell<f64>>,
    random: &Rc<Cell<Random>>,
) -> Result<(), Error> {
    let now = Rc::clone(now);
    let clock = Function::new(ctx.clone(), move || now.get())?.with_name("now")?;
    let random = Rc::clone(random);
    let draw = Function::new(ctx.clone(), move || {
        let (number, next) = random.get().draw();
        random.set(next);
        number
    })?;
    ctx.eval::<Function<'_>, _>(PRELUDE)?.call((clock, draw.with_name("random")?))
}

fn well_formed<'js>(globals: &Object<'js>) -> Result<Function<'js>, Error> {
    let string: Object<'js> = globals.get("String")?;
    string.get::<_, Object<'js>>("prototype")?.get("toWellFormed")
}
