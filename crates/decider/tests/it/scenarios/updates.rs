//! Results: late ones, by reference, signals (`conductor-semantics` 1.4 and 4.12).

use fermata_decider::Command;
use fermata_decider::command::{ReportedStatus, TaskUpdate};
use fermata_types::{Payload, RunEpoch, Span, TaskNumber, Timestamp};
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::bench::steps::{once, repeat, simple, step};
use crate::bench::{Bench, given};

fn start(tasks: Value) -> Bench {
    given(tasks).start(json!({}))
}

#[test]
fn a_late_result_changes_nothing() {
    let mut bench = start(json!([simple("a"), once("b")]));
    bench.worker("a").completes(json!({ "x": 1 }));
    bench.task(1).reports(ReportedStatus::Failed, &json!({}), None);
    bench.task(1).extends();
    bench.worker("b").fails("no");
    bench.task(2).completes(json!({ "late": true }));
    assert_snapshot!(bench.text());
}

#[test]
fn a_result_of_an_open_task_of_an_ended_run_changes_nothing() {
    let mut bench = start(json!([simple("a")]));
    bench.terminate("enough");
    bench.task(1).completes(json!({}));
    assert_snapshot!(bench.text());
}

#[test]
fn a_queued_task_may_be_completed_without_a_lease() {
    let mut bench = start(json!([simple("a")]));
    bench.by_reference("a", ReportedStatus::Completed, json!({ "x": 1 }));
    assert_snapshot!(bench.text());
}

#[test]
fn updates_by_reference_are_merged_over_the_output() {
    let mut bench = start(json!([simple("a")]));
    bench.worker("a").takes();
    bench.worker("a").goes_on(json!({ "kept": 1, "changed": 1 }), 0);
    bench.by_reference("a", ReportedStatus::InProgress, json!({ "changed": 2 }));
    bench.by_reference("a", ReportedStatus::Completed, json!({ "new": 3 }));
    bench.by_reference("a", ReportedStatus::Completed, json!({}));
    assert_snapshot!(bench.text());
}

#[test]
fn a_reference_in_a_loop_has_a_suffix_or_none() {
    let mut bench = start(json!([repeat("l", "$.l.iteration < 3", json!([simple("a")]))]));
    bench.by_reference("a__2", ReportedStatus::Completed, json!({}));
    bench.by_reference("a__1", ReportedStatus::Completed, json!({}));
    bench.by_reference("a", ReportedStatus::Completed, json!({}));
    bench.by_reference("a", ReportedStatus::Completed, json!({ "n": 3 }));
    assert_snapshot!(bench.text());
}

#[test]
fn a_signal_goes_to_the_first_open_wait() {
    let mut bench = start(json!([step("WAIT", "a"), simple("b"), step("HUMAN", "c")]));
    bench.signal(json!({ "x": 1 }));
    bench.signal(json!({}));
    bench.worker("b").completes(json!({}));
    bench.signal(json!({}));
    bench.by_reference("c", ReportedStatus::Completed, json!({ "yes": true }));
    assert_snapshot!(bench.text());
}

#[test]
fn a_person_may_answer_in_parts() {
    let mut bench = start(json!([step("HUMAN", "c")]));
    bench.worker("c").goes_on(json!({ "half": 1 }), 0);
    bench.worker("c").comes_back();
    bench.by_reference("c", ReportedStatus::Completed, json!({ "rest": 2 }));
    assert_snapshot!(bench.text());
}

#[test]
fn unknown_tasks_and_stale_leases_are_refused() {
    let mut bench = start(json!([simple("a")]));
    let lease = |task, epoch| Command::Lease {
        task: TaskNumber(task),
        epoch: RunEpoch(epoch),
        worker: None,
    };
    assert!(!bench.told(0, lease(9, 1)));
    assert!(!bench.told(0, lease(1, 2)));
    assert!(bench.told(0, lease(1, 1)));
    assert!(!bench.told(0, lease(1, 1)));
    assert!(!bench.told(0, Command::ExtendLease { task: TaskNumber(5) }));
    assert!(!bench.told(0, Command::AppendLog { task: TaskNumber(5), line: "x".to_owned() }));
    assert!(!bench.told(0, Command::DeadlineReached { epoch: RunEpoch(3) }));
    assert_snapshot!(bench.text());
}

#[test]
fn logs_are_kept_reasons_cut_and_huge_outputs_fail_the_task() {
    let mut bench = start(json!([once("a")]));
    let update = TaskUpdate {
        task: TaskNumber(1),
        status: ReportedStatus::Completed,
        output: Payload::from_value(&json!({ "x": "y".repeat(11 << 20) })),
        reason: Some("r".repeat(600)),
        worker: None,
        callback_after: Span::ZERO,
        logs: (0..12).map(|n| (format!("line {n}"), Timestamp::from_ms(n))).collect(),
    };
    let progress = TaskUpdate {
        status: ReportedStatus::InProgress,
        output: Payload::empty_object(),
        ..update.clone()
    };
    assert!(bench.told(0, Command::Update(Box::new(progress))));
    assert_eq!(bench.root().tasks[0].reason().map(str::len), Some(500));
    assert!(bench.told(0, Command::Update(Box::new(update))));
    assert_eq!(bench.driven(0).logs.len(), 20);
    assert_snapshot!(bench.outcome());
}
