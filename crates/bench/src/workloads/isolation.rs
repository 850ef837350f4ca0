//! `isolation`: the hand-off of others while one run does its worst in their own shard.
//!
//! The runs that are measured and the one that disturbs have the same shard key: a server of
//! ours takes it from the hash of workflow and idempotency key, so keys are tried until they
//! fit. A foreign server is measured too, without that claim.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use fermata_decider::definition::DefinitionHash;
use fermata_types::ShardKey;
use hyper::Uri;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::client::{Client, Target};
use crate::definitions::{self, Noise, Subject};
use crate::loops::{Shot, open_loop};
use crate::pacer::Pace;
use crate::report::{Latency, Measured};
use crate::tracker::{Field, Window};
use crate::wire::ReadRun;
use crate::workloads::handoff::idle_crew;
use crate::workloads::phase::{Context, conclude};
use crate::workloads::start::start_with;
use crate::workloads::workers::{self, AFTER_FAILURE};

/// The shard key of all runs of this workload.
const SHARD_KEY: u16 = 0x2a5;
/// Least time of each part.
const PART_MIN: Duration = Duration::from_secs(3);
/// How often the disturbing run is looked at; when it has ended another one is started.
const LOOK_EVERY: Duration = Duration::from_millis(100);

pub(crate) async fn measure(context: &Context, subject: &Subject) -> anyhow::Result<Measured> {
    let parts = u32::try_from(Noise::ALL.len() + 1)?;
    let length = (context.arguments.measured() / parts).max(PART_MIN);
    let mut measured = Measured::default();
    measured.parameter("starts/s", context.arguments.handoff_rate);
    measured.parameter("seconds of each part", length.as_secs_f64());
    let quiet = part(context, subject, "nothing else", length, &mut measured).await?;
    for noise in Noise::ALL {
        let other = definitions::noise(noise);
        if let Err(error) = definitions::register(&context.target, &other).await {
            measured.figure(&format!("beside {}", noise.name()), format!("left out: {error:#}"));
            continue;
        }
        let maker = Arc::new(Maker::new(context, &other, noise)?);
        let mut at_work = JoinSet::new();
        at_work.spawn(Arc::clone(&maker).make());
        let beside = part(context, subject, noise.name(), length, &mut measured).await?;
        at_work.shutdown().await;
        maker.end().await;
        maker.describe(noise, &mut measured);
        let ratio = beside.p99_us as f64 / quiet.p99_us.max(1) as f64;
        let ratio = (ratio * 100.0).round() / 100.0;
        measured.figure(&format!("times the p99 alone, beside {}", noise.name()), ratio);
    }
    Ok(measured)
}

/// The hand-off at a fixed rate for a while.
async fn part(
    context: &Context,
    subject: &Subject,
    beside: &str,
    length: Duration,
    measured: &mut Measured,
) -> anyhow::Result<crate::report::Percentiles> {
    let arguments = &context.arguments;
    let pace = Pace { per_second: arguments.handoff_rate, length: arguments.warmup() + length };
    let keys = Keys::new(subject.workflow, pace.total());
    let window = Window::after(arguments.warmup(), length);
    let shot = Arc::new(KeyedShot::new(context, keys, window)?);
    let _at_work = workers::launch(&context.target, subject, &shot.field, idle_crew(context))?;
    let begin = window.until - pace.length;
    let connections = arguments.open_loop_connections;
    let kept = open_loop(&shot, &context.target, pace, begin, connections).await;
    shot.field.drain(arguments.settle()).await;
    let tracker = shot.field.tracker();
    measured.add("dropped samples", kept.dropped);
    measured.add("measured runs in another shard", shot.strays.load(Ordering::Relaxed));
    measured.latency(format!("start due → in hands, {beside}"), &tracker.begin_to_hands);
    measured.latency(format!("ready → in hands, {beside}"), &tracker.ready_to_hands);
    // Counted from when the start was due, so that a hand-off which comes late is still counted.
    let summary = Latency::summary(&tracker.begin_to_hands);
    conclude(&tracker, measured);
    Ok(summary)
}

/// Idempotency keys that a server of ours puts on [`SHARD_KEY`]. Each costs thousands of hashes,
/// so those of a measured stretch are found before it.
struct Keys {
    workflow: &'static str,
    /// Other keys than an earlier bench had on the same server.
    prefix: u128,
    tried: u64,
    found: Vec<String>,
}

impl Keys {
    fn new(workflow: &'static str, count: u64) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut keys = Self { workflow, prefix: now.as_nanos(), tried: 0, found: Vec::new() };
        for _ in 0..count {
            let key = keys.find();
            keys.found.push(key);
        }
        keys
    }

    fn find(&mut self) -> String {
        loop {
            self.tried += 1;
            let key = format!("{}-{}", self.prefix, self.tried);
            if shard_key(self.workflow, &key) == SHARD_KEY {
                return key;
            }
        }
    }

    fn next(&mut self) -> String {
        self.found.pop().unwrap_or_else(|| self.find())
    }
}

/// As the server takes it from a start's idempotency key (design 3).
fn shard_key(workflow: &str, key: &str) -> u16 {
    let [first, second, ..] = DefinitionHash::of(format!("{workflow}\0{key}").as_bytes()).0;
    ShardKey::wrapping(u16::from_be_bytes([first, second])).get()
}

/// The shard key in a run id of ours: three digits after the version digit of a UUID.
fn key_in_id(run: &str) -> Option<u16> {
    u16::from_str_radix(run.get(15..18)?, 16).ok()
}

/// The body of a start on that shard key.
fn start_body(keys: &Mutex<Keys>, input: &Value) -> Bytes {
    let mut keys = keys.lock().unwrap_or_else(PoisonError::into_inner);
    let body = json!({
        "name": keys.workflow, "version": 1, "input": input, "idempotencyKey": keys.next(),
        "idempotencyStrategy": "FAIL",
    });
    Bytes::from(body.to_string())
}

/// Starts measured runs.
struct KeyedShot {
    uri: Uri,
    keys: Mutex<Keys>,
    field: Arc<Field>,
    strays: AtomicU64,
}

impl KeyedShot {
    fn new(context: &Context, keys: Keys, window: Window) -> anyhow::Result<Self> {
        Ok(Self {
            uri: context.target.uri("/api/workflow")?,
            keys: Mutex::new(keys),
            field: Arc::new(Field::open(window)),
            strays: AtomicU64::new(0),
        })
    }
}

impl Shot for KeyedShot {
    async fn fire(&self, client: &mut Client, due: Instant) -> ControlFlow<()> {
        match start_with(client, &self.uri, start_body(&self.keys, &json!({}))).await {
            Ok(run) => {
                if key_in_id(&run) != Some(SHARD_KEY) {
                    self.strays.fetch_add(1, Ordering::Relaxed);
                }
                let mut tracker = self.field.tracker();
                tracker.begin_answered(due, Instant::now());
                tracker.begun(&run, due);
            }
            Err(error) => {
                self.field.tracker().failed("start", &error);
                tokio::time::sleep(AFTER_FAILURE).await;
            }
        }
        ControlFlow::Continue(())
    }
}

/// Keeps one disturbing run going.
struct Maker {
    target: Arc<Target>,
    uri: Uri,
    keys: Mutex<Keys>,
    input: Value,
    started: AtomicU64,
    refused: AtomicU64,
    run: tokio::sync::Mutex<Option<Box<str>>>,
}

impl Maker {
    fn new(context: &Context, subject: &Subject, noise: Noise) -> anyhow::Result<Self> {
        Ok(Self {
            target: Arc::clone(&context.target),
            uri: context.target.uri("/api/workflow")?,
            keys: Mutex::new(Keys::new(subject.workflow, 1)),
            input: noise.input(),
            started: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            run: tokio::sync::Mutex::new(None),
        })
    }

    async fn make(self: Arc<Self>) {
        let mut client = Client::new(Arc::clone(&self.target));
        loop {
            let body = start_body(&self.keys, &self.input);
            match start_with(&mut client, &self.uri, body).await {
                Ok(run) => {
                    self.started.fetch_add(1, Ordering::Relaxed);
                    *self.run.lock().await = Some(run.clone());
                    while self.is_open(&mut client, &run).await {
                        tokio::time::sleep(LOOK_EVERY).await;
                    }
                }
                Err(_) => {
                    self.refused.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(LOOK_EVERY).await;
                }
            }
        }
    }

    async fn is_open(&self, client: &mut Client, run: &str) -> bool {
        let uri = self.target.uri(&format!("/api/workflow/{run}?includeTasks=false"));
        let Ok(uri) = uri else { return false };
        let Ok(answer) = client.get(&uri, Duration::ZERO).await else { return false };
        serde_json::from_slice::<ReadRun<'_>>(&answer.body).is_ok_and(|run| run.status == "RUNNING")
    }

    /// Terminates the run that is still going.
    async fn end(&self) {
        let Some(run) = self.run.lock().await.take() else { return };
        let mut client = Client::new(Arc::clone(&self.target));
        if let Ok(uri) = self.target.uri(&format!("/api/workflow/{run}")) {
            drop(client.delete(&uri).await);
        }
    }

    fn describe(&self, noise: Noise, measured: &mut Measured) {
        let (started, refused) = (&self.started, &self.refused);
        let (started, refused) = (started.load(Ordering::Relaxed), refused.load(Ordering::Relaxed));
        let text = format!("{started} started one after the other, {refused} refused");
        measured.figure(&format!("runs of {}", noise.name()), text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_tried_until_they_fit() {
        let mut keys = Keys::new("w", 1);
        let (first, second) = (keys.next(), keys.next());
        assert_ne!(first, second);
        assert_eq!(shard_key("w", &first), SHARD_KEY);
        assert_eq!(shard_key("w", &second), SHARD_KEY);
    }

    #[test]
    fn the_shard_key_stands_in_the_id() {
        assert_eq!(key_in_id("0190f3c2-7a10-72a5-8def-000000000000"), Some(SHARD_KEY));
        assert_eq!(key_in_id("nonsense"), None);
    }
}
