//! Times of the small pieces of work: `cargo bench -p fermata-bench`.

use divan::Bencher;
use fermata_bench::micro::{MICROS, named};

fn main() {
    divan::main();
}

#[divan::bench(args = MICROS.iter().map(|micro| micro.name))]
fn micro(bencher: Bencher<'_, '_>, name: &str) {
    let work = named(name).expect("the arguments are the names").make();
    bencher.bench_local(work);
}
