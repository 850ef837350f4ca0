//! Laws that hold for random definitions under random commands. The bench checks after every
//! command that counters and indexes equal a recomputation, that history folded again gives the
//! same state, that the same question gets the same answer, that the run is quiet within a bound,
//! and that what has ended stays ended.

use fermata_decider::Command;
use fermata_decider::command::ReportedStatus;
use fermata_types::RunStatus;
use proptest::prelude::*;
use serde_json::json;

use crate::bench::{Bench, names_what_it_waits_for};
use crate::worlds::{Node, World, open};

fn leaf() -> impl Strategy<Value = Node> {
    prop_oneof![
        6 => (0u32..3, any::<bool>(), any::<bool>()).prop_map(|(retries, optional, permissive)| {
            Node::Worker { retries, optional, permissive }
        }),
        2 => Just(Node::Inline),
        1 => Just(Node::Broken),
        1 => Just(Node::Lambda),
        2 => Just(Node::Set),
        1 => Just(Node::Wait),
        2 => Just(Node::Timed),
        1 => Just(Node::Human),
        2 => Just(Node::Pull),
        2 => Just(Node::Sub),
        2 => Just(Node::Become),
        1 => prop_oneof![Just("COMPLETED"), Just("FAILED"), Just("TERMINATED")]
            .prop_map(Node::Terminate),
    ]
}

fn node() -> impl Strategy<Value = Node> {
    leaf().prop_recursive(3, 12, 3, |inner| {
        let list = || prop::collection::vec(inner.clone(), 0..3);
        prop_oneof![
            (any::<bool>(), list(), list()).prop_map(|(hits, case, default)| Node::Switch {
                hits,
                case,
                default
            }),
            (any::<bool>(), list(), list()).prop_map(|(hits, case, default)| Node::Decision {
                hits,
                case,
                default
            }),
            list().prop_map(Node::Spread),
            list().prop_map(Node::Exclusive),
            (1u32..4, list()).prop_map(|(iterations, body)| Node::Loop { iterations, body }),
            (1u32..5, 1u32..3, list()).prop_map(|(iterations, keep, body)| Node::Keeps {
                iterations,
                keep,
                body
            }),
            (0u32..4, list()).prop_map(|(items, body)| Node::Each { items, body }),
            prop::collection::vec(prop::collection::vec(inner.clone(), 0..3), 1..4)
                .prop_map(Node::Fork),
        ]
    })
}

/// Something done to the tree: what, and to which of the things it can be done to.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Report(ReportedStatus),
    ReportLate,
    Lease,
    Return,
    Extend,
    Pause,
    Resume,
    Terminate,
    Message,
    Signal,
    Pass(i64),
    SleepThrough(i64),
}

fn deed() -> impl Strategy<Value = (Deed, usize)> {
    let deed = prop_oneof![
        12 => Just(Deed::Report(ReportedStatus::Completed)),
        3 => Just(Deed::Report(ReportedStatus::Failed)),
        1 => Just(Deed::Report(ReportedStatus::FailedWithTerminalError)),
        1 => Just(Deed::Report(ReportedStatus::Canceled)),
        2 => Just(Deed::Report(ReportedStatus::InProgress)),
        1 => Just(Deed::ReportLate),
        3 => Just(Deed::Lease),
        1 => Just(Deed::Return),
        1 => Just(Deed::Extend),
        1 => Just(Deed::Pause),
        3 => Just(Deed::Resume),
        1 => Just(Deed::Terminate),
        3 => Just(Deed::Message),
        1 => Just(Deed::Signal),
        3 => (1i64..100).prop_map(Deed::Pass),
        1 => (1i64..10_000).prop_map(Deed::SleepThrough),
    ];
    (deed, any::<usize>())
}

fn perform(bench: &mut Bench, deed: Deed, which: usize) {
    let open = open(bench);
    let chosen = open.get(which % open.len().max(1)).copied();
    match (deed, chosen) {
        (Deed::Report(status), Some((run, task))) => {
            bench.task_in(run, task).reports(status, &json!({ "x": which % 10 }), Some("why"));
        }
        (Deed::Lease, Some((run, task))) => {
            let epoch = bench.driven(run).run.epoch;
            bench.told(run, Command::Lease { task, epoch, worker: None });
        }
        (Deed::Return, Some((run, task))) => bench.task_in(run, task).comes_back(),
        (Deed::Extend, Some((run, task))) => bench.task_in(run, task).extends(),
        (Deed::ReportLate, _) => {
            let run = which % bench.runs.len();
            let tasks = &bench.driven(run).run.tasks;
            if let Some(task) = tasks.get(which % tasks.len().max(1)).map(|task| task.number) {
                bench.task_in(run, task).completes(json!({ "late": true }));
            }
        }
        (Deed::Pause, _) => bench.pause(),
        (Deed::Resume, _) => bench.resume(),
        (Deed::Terminate, _) if which.is_multiple_of(4) => {
            let run = which % bench.runs.len();
            bench.terminate_run(run, None);
        }
        (Deed::Message, _) => bench.message("m", json!({ "n": 1 })),
        (Deed::Signal, _) => bench.signal(json!({})),
        (Deed::Pass(seconds), _) => bench.wait(seconds),
        (Deed::SleepThrough(seconds), _) => bench.sleep_through(seconds),
        _ => {}
    }
}

fn waits_for_something(bench: &Bench) -> bool {
    bench.runs.iter().all(|driven| {
        let run = &driven.run;
        run.status.is_terminal() || run.status == RunStatus::Paused || names_what_it_waits_for(run)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn every_run_keeps_the_laws(
        nodes in prop::collection::vec(node(), 0..4),
        deeds in prop::collection::vec(deed(), 0..30),
    ) {
        let mut bench = World::of(&nodes).start();
        prop_assert!(waits_for_something(&bench), "{}", bench.outcome());
        for (deed, which) in deeds {
            perform(&mut bench, deed, which);
            prop_assert!(waits_for_something(&bench), "{}", bench.outcome());
        }
    }

    /// With workers that do their work and time that passes, every run comes to its end.
    #[test]
    fn every_run_ends_when_all_is_done(nodes in prop::collection::vec(node(), 0..4)) {
        let mut bench = World::of(&nodes).start_quick();
        for _ in 0..2_000 {
            let Some((run, task)) = open(&bench).first().copied() else { break };
            bench.task_in(run, task).completes(json!({ "x": 1 }));
        }
        prop_assert!(
            bench.runs.iter().all(|driven| driven.run.status.is_terminal()),
            "{}",
            bench.outcome()
        );
    }
}
