//! Worlds from seeds, mutants, and what CI runs.
//!
//! ```text
//! fermata-sim ci [--minutes M]                     fixed seeds, traces, mutants, fresh seeds
//! fermata-sim run --seed N [--steps M] [--trace]   one world
//! fermata-sim mutants [--seed N]                   every deliberate bug has to be caught
//! ```
//! The last line counts: `N passed, N failed`; the exit code says whether any failed.

use std::hash::{BuildHasher as _, Hasher as _};
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use fermata_sim::{Options, Tally, report};

const USAGE: &str = "usage: fermata-sim ci [--minutes M]
       fermata-sim run --seed N [--steps M] [--trace]
       fermata-sim mutants [--seed N]";
/// Minutes of fresh worlds in CI.
const MINUTES: u64 = 5;

/// The words after the command.
#[derive(Debug, Default)]
struct Arguments {
    seed: Option<u64>,
    steps: Option<u64>,
    minutes: Option<u64>,
    is_traced: bool,
}

fn main() -> ExitCode {
    // A panic is a violation like any other and is reported as such.
    std::panic::set_hook(Box::new(|_| {}));
    let words: Vec<String> = std::env::args().skip(1).collect();
    let parsed =
        words.split_first().and_then(|(command, rest)| Some((command.as_str(), parse(rest)?)));
    let tally = match parsed {
        Some((command, arguments)) => command_line(command, &arguments),
        None => Ok(None),
    };
    match tally {
        Ok(Some(tally)) if tally.failed == 0 => ExitCode::SUCCESS,
        Ok(Some(_)) => ExitCode::FAILURE,
        Ok(None) => {
            let _ = writeln!(io::stderr(), "{USAGE}");
            ExitCode::from(2)
        }
        Err(error) => {
            let _ = writeln!(io::stderr(), "cannot print: {error}");
            ExitCode::FAILURE
        }
    }
}

fn parse(words: &[String]) -> Option<Arguments> {
    let mut arguments = Arguments::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let mut number = || words.next().and_then(|word| word.parse().ok());
        match word.as_str() {
            "--seed" => arguments.seed = Some(number()?),
            "--steps" => arguments.steps = Some(number()?),
            "--minutes" => arguments.minutes = Some(number()?),
            "--trace" => arguments.is_traced = true,
            _ => return None,
        }
    }
    Some(arguments)
}

fn command_line(command: &str, arguments: &Arguments) -> io::Result<Option<Tally>> {
    let mut out = io::stdout().lock();
    let mut tally = Tally::default();
    let mut options = Options::new(arguments.seed.unwrap_or(1));
    options.is_traced = arguments.is_traced;
    options.steps = arguments.steps.unwrap_or(options.steps);
    match command {
        "run" if arguments.seed.is_some() => report::one(&options, &mut tally, &mut out)?,
        "mutants" => report::mutants(&options, &mut tally, &mut out)?,
        "ci" => {
            report::fixed(&options, &mut tally, &mut out)?;
            report::mutants(&options, &mut tally, &mut out)?;
            options.seed = arguments.seed.unwrap_or_else(draw_seed);
            let minutes = Duration::from_secs(60 * arguments.minutes.unwrap_or(MINUTES));
            report::fresh(&options, &mut tally, &mut out, &mut until(minutes))?;
        }
        _ => return Ok(None),
    }
    tally.print(&mut out)?;
    Ok(Some(tally))
}

/// A seed nobody has seen, short enough to be typed again.
fn draw_seed() -> u64 {
    let state = std::collections::hash_map::RandomState::new();
    state.build_hasher().finish() % 1_000_000_000_000
}

/// Whether less than that much time has passed.
#[expect(clippy::disallowed_methods, reason = "how long to look for is real time, worlds are not")]
fn until(span: Duration) -> impl FnMut() -> bool {
    let begun = std::time::Instant::now();
    move || begun.elapsed() < span
}
