//! Does one small piece of work so many times: what callgrind counts for `bench --instructions`.
#![expect(clippy::print_stdout, reason = "a tool prints what it knows")]

use std::process::ExitCode;

use fermata_bench::micro::{MICROS, named};

/// `fermata-bench-micro` prints the names; `fermata-bench-micro NAME COUNT` does the work.
fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.as_slice() {
        [] => {
            for micro in MICROS {
                println!("{}\t{}", micro.name, micro.what);
            }
            ExitCode::SUCCESS
        }
        [name, count] => match (named(name), count.parse::<u64>()) {
            (Some(micro), Ok(count)) => {
                let mut work = micro.make();
                let done: u64 = (0..count).map(|_| work()).sum();
                println!("{name} {count}: {done}");
                ExitCode::SUCCESS
            }
            _ => usage(),
        },
        _ => usage(),
    }
}

fn usage() -> ExitCode {
    eprintln!("usage: fermata-bench-micro [NAME COUNT]");
    ExitCode::from(2)
}
