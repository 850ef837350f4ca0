//! Measures the embedded store with the rows that the runtime writes (decision 0006).
//!
//! `row_mix DIR [runs=1000000] [seconds=60] [group=128] [sync_ms=0] [delta_mib=32]
//! [cache_mib=64] [sync_kib=4096]`
//! starts the runs, then carries out transitions of runs chosen uniformly, the worst case for
//! deltas. The process ends without closing the store; `row_mix recover DIR` then opens it.
//!
//! A run has five tasks. A transition is the start (history, run, lookup, queue, deadline), a
//! lease (history; queue deleted), a result (history with two to four events; the next task's
//! queue row; now and then a deadline or a payload row), or the end (history, run; lookup and
//! deadline deleted). An ended run is replaced by a new one.

#![expect(clippy::disallowed_methods, reason = "it measures real time")]

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use bytes::Bytes;
use fermata_storage::conformance::XorShift;
use fermata_storage::{
    Batch, DeadlineKey, DeadlineRow, DefinitionHash, HistoryKey, HistoryRow, LookupKey, LookupRow,
    PayloadKey, PayloadRow, QueueKey, QueueRow, Ready, Row, RowKey, RunKey, RunRow, Store, Write,
};
use fermata_store_embedded::{
    EmbeddedStore, FileHandle, FileLayer, FileLock, Options, RealFiles, StoreId,
};
use fermata_types::{
    EventNumber, RunEpoch, RunId, RunStatus, ShardEpoch, ShardId, ShardKey, TaskNumber, Timestamp,
};
use hdrhistogram::Histogram;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SHARDS: u16 = 4;
/// Transitions of a run: its start, a lease and a result for each of five tasks; the end comes
/// with the last result.
const STEPS: u8 = 11;
const NAME: &str = "order_fulfilment";

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let settings: BTreeMap<&str, u64> = words
        .iter()
        .filter_map(|word| word.split_once('='))
        .map(|(name, value)| Ok::<_, std::num::ParseIntError>((name, value.parse()?)))
        .collect::<Result<_, _>>()?;
    let setting = |name, default| settings.get(name).copied().unwrap_or(default);
    let dir = PathBuf::from(words.iter().rfind(|w| !w.contains('=')).ok_or("no directory")?);
    let files = SlowFiles(Duration::from_millis(setting("sync_ms", 0)));
    let options = Options::new(StoreId([7; 16]))
        .delta_bytes(usize::try_from(setting("delta_mib", 32) << 20)?)
        .cache_bytes(usize::try_from(setting("cache_mib", 64) << 20)?)
        .checkpoint_sync_bytes(usize::try_from(setting("sync_kib", 4096) << 10)?)
        .files(Arc::new(files));
    let began = Instant::now();
    let store = EmbeddedStore::open(&dir, options)?;
    if words.iter().any(|word| word == "recover") {
        let (took, position) = (began.elapsed(), store.position());
        writeln!(io::stdout(), "recovered position {position} in {took:?}, {}", memory()?)?;
        return Ok(());
    }
    let runs = usize::try_from(setting("runs", 1_000_000))?;
    let group = usize::try_from(setting("group", 128))?;
    let (sender, groups) = sync_channel(4);
    let load = std::thread::Builder::new().name("load".to_owned());
    load.spawn(move || Load::new(runs).produce(&sender, group))?;
    let filling = Phase::begin()?;
    let filled = filling.commit(&store, &groups, runs as u64, Duration::MAX)?;
    writeln!(io::stdout(), "filled   {filled}")?;
    let phase = Phase::begin()?;
    let ran =
        phase.commit(&store, &groups, u64::MAX, Duration::from_secs(setting("seconds", 60)))?;
    writeln!(io::stdout(), "measured {ran}")?;
    writeln!(io::stdout(), "disk     {} MiB in {}", disk(&dir)? >> 20, dir.display())?;
    // A hard stop: nothing is closed.
    std::process::exit(0);
}

/// Live runs and what becomes of them.
struct Load {
    random: XorShift,
    runs: Vec<(RunId, u8, u32)>,
    target: usize,
    minted: u64,
    noise: Bytes,
}

impl Load {
    fn new(target: usize) -> Self {
        let mut random = XorShift::new(42);
        let noise = (0..1 << 16).map(|_| b' ' + (random.next_u64() % 90) as u8).collect();
        Self { random, runs: Vec::with_capacity(target), target, minted: 0, noise }
    }

    fn produce(mut self, to: &SyncSender<(Vec<Batch>, u64)>, group: usize) {
        loop {
            let is_filling = self.runs.len() < self.target;
            let count = if is_filling { group.min(self.target - self.runs.len()) } else { group };
            let mut writes: Vec<Vec<Write>> = (0..SHARDS).map(|_| Vec::new()).collect();
            for _ in 0..count {
                let place = self.runs.len();
                let place = if is_filling { place } else { self.random.below(place) };
                self.transition(place, &mut writes);
            }
            let batch = |(shard, writes): (u16, Vec<Write>)| Batch {
                shard: ShardId(shard),
                epoch: ShardEpoch(0),
                writes,
            };
            let batches = (0..SHARDS).zip(writes).map(batch).collect();
            if to.send((batches, count as u64)).is_err() {
                return;
            }
        }
    }

    fn transition(&mut self, place: usize, writes: &mut [Vec<Write>]) {
        let ended = self.runs.get(place).is_none_or(|(_, step, _)| *step >= STEPS);
        if ended {
            self.minted += 1;
            let salt = self.random.next_u64() as u32;
            let time = Timestamp::from_ms(
                1_790_000_000_000 + i64::try_from(self.minted / 20).unwrap_or(0),
            );
            let key = ShardKey::wrapping((self.minted % 4096) as u16);
            let run = (RunId::compose(time, key, salt), 0, 1);
            match self.runs.get_mut(place) {
                Some(old) => *old = run,
                None => self.runs.push(run),
            }
        }
        let Some((run, step, event)) = self.runs.get(place).copied() else { return };
        let shard = run.key().get() % SHARDS;
        let Some(writes) = writes.get_mut(usize::from(shard)) else { return };
        let events = match step {
            0 => self.start(ShardId(shard), run, writes),
            step if step % 2 == 1 => {
                writes.push(Write::Delete(RowKey::Queue(queue(ShardId(shard), run, step))));
                self.history(run, event, 1, 70, writes)
            }
            _ => self.result((ShardId(shard), run, step, event), writes),
        };
        if let Some(run) = self.runs.get_mut(place) {
            *run = (run.0, step + 1, event + events);
        }
    }

    fn start(&mut self, shard: ShardId, run: RunId, writes: &mut Vec<Write>) -> u32 {
        let events = self.history(run, 1, 2, 650, writes);
        writes.push(Write::Put(summary(run, None)));
        let key = LookupKey::Running { shard, name: NAME.to_owned(), run };
        let created = Timestamp::from_ms(1);
        writes.push(Write::Put(LookupRow { key, version: 1, created, closed: false }.into()));
        self.enqueue(shard, run, 1, writes);
        self.deadline(shard, run, writes);
        events
    }

    fn result(
        &mut self,
        (shard, run, step, event): (ShardId, RunId, u8, u32),
        writes: &mut Vec<Write>,
    ) -> u32 {
        let count = 2 + self.random.below(3);
        let bytes = 300 + self.random.below(600);
        let events = self.history(run, event, count as u32, bytes, writes);
        if self.random.below(50) == 0 {
            let key = PayloadKey { run, event: EventNumber(u64::from(event)), part: 0 };
            writes.push(Write::Put(PayloadRow { key, bytes: self.text(8 << 10) }.into()));
        }
        if step + 1 < STEPS {
            self.enqueue(shard, run, step + 1, writes);
            if self.random.below(4) == 0 {
                self.deadline(shard, run, writes);
            }
        } else {
            writes.push(Write::Put(summary(run, Some(Timestamp::from_ms(2)))));
            let name = NAME.to_owned();
            writes.push(Write::Delete(RowKey::Lookup(LookupKey::Running { shard, name, run })));
            writes.push(Write::Delete(RowKey::Deadline(DeadlineKey { shard, run })));
        }
        events
    }

    fn history(
        &mut self,
        run: RunId,
        event: u32,
        count: u32,
        bytes: usize,
        writes: &mut Vec<Write>,
    ) -> u32 {
        let key = HistoryKey { run, first: EventNumber(u64::from(event)) };
        writes.push(Write::Put(HistoryRow { key, count, events: self.text(bytes) }.into()));
        count
    }

    fn enqueue(&self, shard: ShardId, run: RunId, step: u8, writes: &mut Vec<Write>) {
        let key = queue(shard, run, step);
        writes.push(Write::Put(QueueRow { key, run_epoch: RunEpoch(1) }.into()));
    }

    fn deadline(&mut self, shard: ShardId, run: RunId, writes: &mut Vec<Write>) {
        let due = Timestamp::from_ms(1_790_000_000_000 + (self.random.next_u64() % 100_000) as i64);
        let key = DeadlineKey { shard, run };
        writes.push(Write::Put(DeadlineRow { key, due, run_epoch: RunEpoch(1) }.into()));
    }

    fn text(&mut self, length: usize) -> Bytes {
        let start = self.random.below(self.noise.len() - length);
        self.noise.slice(start..start + length)
    }
}

/// The queue row of a step: leases find what the step before has put.
fn queue(shard: ShardId, run: RunId, step: u8) -> QueueKey {
    let number = u32::from(step.div_ceil(2));
    let age = run.task(TaskNumber(number));
    let due = Timestamp::from_ms(1_790_000_000_000);
    let queue = format!("task_{}", number % 5);
    QueueKey { shard, queue, ready: Ready { priority: 0, due, age } }
}

fn summary(run: RunId, closed: Option<Timestamp>) -> Row {
    Row::Run(RunRow {
        key: RunKey { run },
        status: if closed.is_some() { RunStatus::Completed } else { RunStatus::Running },
        definition: DefinitionHash([3; 32]),
        name: NAME.to_owned(),
        version: 1,
        correlation: None,
        created: Timestamp::from_ms(1),
        closed,
        parent: None,
        last: EventNumber(20),
        idempotency_key: None,
    })
}

/// A stretch of commits, and what it has cost since its beginning.
struct Phase {
    began: Instant,
    cpu: Duration,
    written: u64,
}

impl Phase {
    fn begin() -> Outcome<Self> {
        Ok(Self { began: Instant::now(), cpu: cpu()?, written: written()? })
    }

    fn commit(
        &self,
        store: &EmbeddedStore,
        groups: &Receiver<(Vec<Batch>, u64)>,
        most: u64,
        limit: Duration,
    ) -> Outcome<String> {
        let mut latency = Histogram::<u64>::new(3)?;
        let (mut transitions, mut peak, mut waiting, mut over) = (0, 0, 0, 0);
        while transitions < most && self.began.elapsed() < limit {
            let (group, count) = groups.recv()?;
            let start = Instant::now();
            store.commit(&group)?;
            let took = u64::try_from(start.elapsed().as_micros())?;
            latency.record(took)?;
            over += u64::from(took > 50_000);
            transitions += count;
            waiting = waiting.max(store.deltas_waiting());
            if latency.len() % 1000 == 0 {
                peak = peak.max(resident("VmRSS")?);
            }
        }
        let seconds = self.began.elapsed().as_secs_f64();
        writeln!(io::stdout(), "{}", threads()?)?;
        let ms = |us: u64| us as f64 / 1000.0;
        Ok(format!(
            "{transitions} transitions in {seconds:.1} s: {:.0}/s, {:.1} CPU-us each, {} B to disk \
             each; commits p50 {:.2} p99 {:.2} p99.9 {:.2} max {:.2} ms, {over} over 50 ms; \
             longest sync {:?}; at most {waiting} deltas waiting; {peak} MiB resident at most",
            transitions as f64 / seconds,
            (cpu()? - self.cpu).as_micros() as f64 / transitions as f64,
            (written()? - self.written) / transitions.max(1),
            ms(latency.value_at_quantile(0.5)),
            ms(latency.value_at_quantile(0.99)),
            ms(latency.value_at_quantile(0.999)),
            ms(latency.max()),
            store.sync_stats().longest,
        ))
    }
}

/// Processor time of the process.
fn cpu() -> Outcome<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let (_, rest) = stat.rsplit_once(')').ok_or("no name")?;
    let ticks: u64 =
        rest.split_whitespace().skip(11).take(2).filter_map(|n| n.parse::<u64>().ok()).sum();
    Ok(Duration::from_millis(ticks * 10))
}

/// Processor time of each thread since it began.
fn threads() -> Outcome<String> {
    let mut text = String::from("threads ");
    for entry in std::fs::read_dir("/proc/self/task")? {
        let stat = std::fs::read_to_string(entry?.path().join("stat"))?;
        let (name, rest) = stat.rsplit_once(')').ok_or("no name")?;
        let name = name.rsplit_once('(').map_or(name, |(_, name)| name);
        let mut ticks = rest.split_whitespace().skip(11);
        let (user, system) = (ticks.next().unwrap_or("?"), ticks.next().unwrap_or("?"));
        text = format!("{text} {name}: {user} user, {system} system ticks;");
    }
    Ok(text)
}

/// Bytes the process sent to disks.
fn written() -> Outcome<u64> {
    let io = std::fs::read_to_string("/proc/self/io")?;
    let line = io.lines().find_map(|line| line.strip_prefix("write_bytes: ")).ok_or("no figure")?;
    Ok(line.parse()?)
}

fn resident(name: &str) -> Outcome<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with(name)).ok_or("no figure")?;
    let kib: u64 = line.split_whitespace().nth(1).ok_or("no figure")?.parse()?;
    Ok(kib >> 10)
}

fn memory() -> Outcome<String> {
    Ok(format!("{} MiB resident, {} at most", resident("VmRSS")?, resident("VmHWM")?))
}

fn disk(dir: &Path) -> io::Result<u64> {
    use std::os::unix::fs::MetadataExt;
    std::fs::read_dir(dir)?.map(|entry| Ok(entry?.metadata()?.blocks() * 512)).sum()
}

/// The machine's files, with every sync made slower.
struct SlowFiles(Duration);

struct SlowHandle(Box<dyn FileHandle>, Duration);

impl FileLayer for SlowFiles {
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        RealFiles.create_dir(dir)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        RealFiles.list(dir)
    }

    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn FileLock>>> {
        RealFiles.lock(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn FileHandle>> {
        Ok(Box::new(SlowHandle(RealFiles.create(path)?, self.0)))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn FileHandle>> {
        Ok(Box::new(SlowHandle(RealFiles.open(path)?, self.0)))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        RealFiles.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        RealFiles.remove(path)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        std::thread::sleep(self.0);
        RealFiles.sync_dir(dir)
    }
}

impl FileHandle for SlowHandle {
    fn length(&self) -> io::Result<u64> {
        self.0.length()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.0.read_at(offset, buffer)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_at(offset, bytes)
    }

    fn allocate(&self, length: u64) -> io::Result<()> {
        self.0.allocate(length)
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.0.set_length(length)
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        self.0.truncate(length)
    }

    fn sync_data(&self) -> io::Result<Duration> {
        std::thread::sleep(self.1);
        self.0.sync_data()
    }

    fn sync_all(&self) -> io::Result<Duration> {
        std::thread::sleep(self.1);
        self.0.sync_all()
    }
}
