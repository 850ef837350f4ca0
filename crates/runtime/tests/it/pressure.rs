//! A full mailbox (design 5): who is refused first, and that whoever was taken is answered.
//!
//! On a runtime of one thread the shard runs only while a test waits: a request that is polled
//! once is in the mailbox, and stays there.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use fermata_decider::Command;
use fermata_decider::command::{ReferenceUpdate, ReportedStatus};
use fermata_decider::event::Origin;
use fermata_decider::needs::{Evaluated, Script};
use fermata_decider::run::decide::Reply;
use fermata_runtime::clock::SystemClock;
use fermata_runtime::engine::{Class, Config, Parts};
use fermata_runtime::evaluator::Evaluator;
use fermata_runtime::ids::SystemSalt;
use fermata_runtime::shard::driver::MAILBOX;
use fermata_runtime::shard::request::{Failure, Start, Wait};
use fermata_runtime::{Engine, EngineError};
use fermata_storage::ModelStore;
use fermata_types::{Payload, RunId, ShardKey, TaskNumber, Timestamp};
use serde_json::json;

struct NoScripts;
impl Evaluator for NoScripts {
    fn evaluate(&self, _script: &Script, _now: Timestamp) -> Evaluated {
        Evaluated::Failed("no scripts here".to_owned())
    }
}

fn open() -> Engine {
    let parts = Parts {
        store: Arc::new(ModelStore::default()),
        clock: Arc::new(SystemClock),
        salt: Arc::new(SystemSalt),
        evaluator: Arc::new(NoScripts),
        poisoned: Box::new(|error| panic!("{error}")),
    };
    let config = Config { shards: 1, ..Config::default() };
    Engine::open(parts, config).expect("a model store can be read")
}

fn start_of(engine: &Engine) -> Start {
    let definition = json!({"name": "w", "version": 1, "tasks": [
        {"name": "t", "taskReferenceName": "t", "type": "SIMPLE"}]});
    let definition = engine.metadata().inline(definition).expect("compiles");
    let origin = Origin {
        definition: definition.hash,
        input: Payload::empty_object(),
        correlation: None,
        priority: 0,
        task_to_domain: Vec::new(),
        parent: None,
        created_by: None,
        idempotency_key: None,
        at: Timestamp::ZERO,
    };
    Start { definition, origin, shard_key: ShardKey::wrapping(0), idempotency: None }
}

type Asked = Pin<Box<dyn Future<Output = Result<(), EngineError>>>>;

/// A request of a class to a run.
fn ask(engine: &Engine, class: Class, run: RunId) -> Asked {
    let engine = engine.clone();
    let command = match class {
        Class::Search => return Box::pin(async move { engine.admit_search() }),
        Class::Read => return Box::pin(async move { engine.read(run).await.map(|_| ()) }),
        Class::Start => {
            let start = start_of(&engine);
            return Box::pin(async move { engine.start(start).await.map(|_| ()) });
        }
        Class::Send => {
            Command::SendMessage { id: "m".to_owned(), payload: Payload::empty_object() }
        }
        Class::Operate => Command::Resume,
        Class::Result => Command::ExtendLease { task: TaskNumber(1) },
    };
    Box::pin(async move { engine.command(run, command, Wait::Durable).await.map(|_| ()) })
}

/// Polls a request once: it is refused, or in the mailbox.
fn knock(asked: &mut Asked) -> Result<(), EngineError> {
    match asked.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => Ok(()),
    }
}

fn is_refused(answer: &Result<(), EngineError>) -> bool {
    matches!(answer, Err(EngineError::Failed(Failure::Overloaded)))
}

#[tokio::test]
async fn searches_are_refused_first_and_results_last() {
    let engine = open();
    let run = engine.start(start_of(&engine)).await.expect("starts");
    let mut waiting = Vec::new();
    let mut sizes = Vec::new();
    for class in Class::ALL {
        // Signs of life fill the mailbox up to the room this class has to leave.
        while waiting.len() < MAILBOX - class.reserve() {
            let mut asked = ask(&engine, Class::Result, run);
            assert_eq!(knock(&mut asked), Ok(()), "{}", waiting.len());
            waiting.push(asked);
        }
        sizes.push(waiting.len());
        for other in Class::ALL {
            // Only those that are refused are tried, so that nothing is added to the mailbox.
            if other <= class {
                assert!(
                    is_refused(&knock(&mut ask(&engine, other, run))),
                    "{other:?} at {class:?}"
                );
            }
        }
        if let Some(next) = Class::ALL.into_iter().find(|next| *next > class) {
            let mut asked = ask(&engine, next, run);
            assert_eq!(knock(&mut asked), Ok(()), "{next:?} is taken where {class:?} is refused");
            if next > Class::Search {
                waiting.push(asked);
            }
        }
    }
    assert!(sizes.is_sorted() && sizes.last() == Some(&MAILBOX), "{sizes:?}");

    // Whoever was taken is answered, and then there is room for all.
    for asked in waiting {
        let answer = asked.await;
        assert!(!is_refused(&answer), "{answer:?}");
    }
    for class in Class::ALL {
        let answer = ask(&engine, class, run).await;
        assert!(!is_refused(&answer), "{class:?}");
    }
    engine.stop().await;
}

/// What was refused has not happened; a result that found the reserved room has.
#[tokio::test]
async fn a_refused_start_leaves_nothing_and_a_result_still_ends_its_task() {
    let engine = open();
    let run = engine.start(start_of(&engine)).await.expect("starts");
    let mut waiting: Vec<Asked> = Vec::new();
    while waiting.len() < MAILBOX - 1 {
        let mut asked = ask(&engine, Class::Result, run);
        assert_eq!(knock(&mut asked), Ok(()));
        waiting.push(asked);
    }
    assert!(is_refused(&knock(&mut ask(&engine, Class::Start, run))));
    let update = ReferenceUpdate {
        reference: Some("t".to_owned()),
        status: ReportedStatus::Completed,
        output: Payload::empty_object(),
        worker: None,
    };
    let update = Command::UpdateByReference(Box::new(update));
    let result = engine.command(run, update, Wait::Durable).await;
    assert_eq!(result, Ok(Reply::Updated(TaskNumber(1))));
    for asked in waiting {
        assert_eq!(asked.await, Ok(()));
    }
    assert!(engine.running("w").expect("readable").is_empty(), "one run, and it has ended");
    engine.stop().await;
}
