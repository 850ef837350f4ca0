//! What holds for every run after every command.

use std::collections::{BTreeMap, BTreeSet};

use fermata_decider::definition::{Kind, StepId};
use fermata_decider::planned::Planned;
use fermata_decider::run::snapshot::{Head, decode_page, encode_page};
use fermata_decider::run::{Run, Stored, Task, clock, lookup};
use fermata_decider::{Event, apply};
use fermata_types::{RunStatus, TaskNumber};

use super::Driven;

/// Checks a run that was just given a command.
pub fn check(driven: &Driven, is_held: bool) {
    let run = &driven.run;
    if !run.has_started() {
        return;
    }
    counters_match(run);
    indexes_match(run);
    deadlines_match(run);
    joins_match(run);
    queues_match(driven);
    references_match(run);
    assert!(
        is_held || run.is_quiet(),
        "the bench fetches everything, so the run is quiet: {:?}",
        run.agenda
    );
    assert!(
        run.status.is_terminal() || !waits(run).is_empty(),
        "the run waits for nothing: {run:?}"
    );
}

fn open(run: &Run) -> impl Iterator<Item = &Task> {
    run.tasks.iter().filter(|task| !task.status.is_terminal())
}

fn counters_match(run: &Run) {
    assert_eq!(run.open as usize, open(run).count(), "open counter");
    assert!(
        run.tasks.iter().is_sorted_by(|a, b| a.number < b.number),
        "tasks stand in their order"
    );
    let is_kept = |task: &Task| run.task(task.number) == Some(task);
    assert!(run.tasks.iter().all(is_kept), "a task is found by its number");
    let last = run.tasks.last().map_or(0, |task| task.number.0);
    assert!(last <= run.tasks.made() && run.next_task().0 == run.tasks.made() + 1);
    if run.status.is_terminal() {
        assert!(run.children.is_empty() && run.pulls.is_empty() && run.agenda.is_empty());
        assert!(run.waits.is_empty());
        return;
    }
    let children: BTreeMap<_, _> =
        open(run).filter_map(|task| Some((task.number, task.child()?))).collect();
    assert_eq!(run.children, children, "open children");
    let pulls: BTreeSet<_> = open(run)
        .filter(|task| matches!(run.step_of(task).kind, Kind::PullMessages))
        .map(|task| task.number)
        .collect();
    assert_eq!(run.pulls, pulls, "open pulls");
    let waits: BTreeSet<_> = open(run)
        .filter(|task| matches!(run.step_of(task).kind, Kind::Wait))
        .map(|task| task.number)
        .collect();
    assert_eq!(run.waits, waits, "open waits");
}

fn indexes_match(run: &Run) {
    let steps = run.dynamic.next_id(run.definition.steps.len()).0 as usize;
    let mut latest = vec![TaskNumber(0); steps];
    let mut in_loops: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
    let mut places = BTreeSet::new();
    for task in &run.tasks {
        let slot = latest.get_mut(task.step.0 as usize).expect("a step of the definition");
        *slot = task.number;
        if task.scope != TaskNumber(0) {
            let place = in_loops.entry((task.scope, task.iteration)).or_default();
            place.insert(task.step, task.number);
        }
        assert!(
            task.retried || places.insert((task.scope, task.iteration, task.step)),
            "two live attempts at {}",
            run.reference_of(task)
        );
        assert!(!task.retried || task.status.is_terminal(), "a replaced attempt has ended");
        assert!(!task.executed || task.status.is_terminal(), "only what has ended is done with");
    }
    assert_eq!(run.latest, latest, "latest task of each step");
    for ((scope, iteration), steps) in &in_loops {
        let latest: Vec<_> = steps.values().copied().collect();
        assert_eq!(run.in_loops.iteration(*scope, *iteration), latest, "{scope:?} {iteration}");
    }
    let count: usize = in_loops.values().map(BTreeMap::len).sum();
    assert_eq!(run.in_loops.len(), count, "latest task of each step in each iteration");
}

fn deadlines_match(run: &Run) {
    let mut wanted = BTreeSet::new();
    if !run.status.is_terminal() {
        wanted.extend(clock::workflow_due(run).map(|due| (due, clock::RUN)));
        for task in open(run) {
            let due = clock::limits(run, task).map(|(_, due)| due).min();
            wanted.extend(due.map(|due| (due, task.number)));
        }
    }
    assert_eq!(run.deadlines, wanted, "deadline index");
}

/// Whether a step and what is inside it are done with, in the place of that JOIN.
fn is_done(run: &Run, step: StepId, join: &Task) -> bool {
    let latest = |step| run.latest_in(step, join.scope, join.iteration);
    let is_executed = |task: &Task| task.executed && !task.retried;
    if !latest(step).is_some_and(is_executed) {
        return false;
    }
    // A SWITCH that is a branch of a dynamic fork has ended when what it chose has.
    let Some((fork, branch)) = run.dynamic.branch_of(step) else { return true };
    let inside = fork.plan.start(branch)..fork.plan.end(branch);
    let is_switch = matches!(run.step(step).kind, Kind::Switch { .. } | Kind::Decision { .. });
    !is_switch || inside.map(|at| latest(fork.id(at))).all(|task| task.is_none_or(is_executed))
}

/// Looking a reference up by its place finds what looking at all tasks would find.
fn references_match(run: &Run) {
    // Looking at all tasks for each of many names takes long.
    if run.tasks.len() > 64 {
        return;
    }
    let mut names: BTreeSet<String> = run.definition.references.keys().cloned().collect();
    names.extend(run.tasks.iter().map(|task| run.reference_of(task)));
    let is_open = |task: &&Task| !run.shown_status(task).is_terminal();
    for name in names {
        let open = || run.tasks.iter().filter(is_open);
        let pending = open()
            .find(|task| run.reference_of(task) == name)
            .or_else(|| open().find(|task| run.reference_of_step(task.step) == name));
        // Only a test that jumps over iterations leaves two tasks of one step open.
        if pending.is_some_and(|one| open().filter(|task| task.step == one.step).count() > 1) {
            continue;
        }
        let found = lookup::pending(run, &name);
        assert_eq!(found.map(|task| task.number), pending.map(|task| task.number), "open {name}");
        let ended = run.tasks.iter().find(|task| {
            let is_it = run.reference_of_step(task.step) == name || run.reference_of(task) == name;
            is_it && task.status.is_terminal() && !task.retried
        });
        let found = lookup::ended(run, &name);
        assert_eq!(found.map(|task| task.number), ended.map(|task| task.number), "ended {name}");
    }
}

fn is_ended_join(run: &Run, task: &Task) -> bool {
    let kind = &run.step_of(task).kind;
    let is_join = matches!(kind, Kind::Join { .. } | Kind::ExclusiveJoin { .. });
    is_join && task.status.is_terminal()
}

/// The names a JOIN still waits for.
fn awaited(run: &Run, join: &Task) -> Vec<String> {
    let Kind::Join { on, fork, .. } = &run.step_of(join).kind else { return Vec::new() };
    let forked = fork.and_then(|fork| run.forked(fork, join.scope, join.iteration));
    let on = forked.map_or_else(|| on.clone(), |forked| forked.branches().collect());
    on.into_iter()
        .filter(|step| !is_done(run, *step, join))
        .map(|step| run.reference_of_step(step).into_owned())
        .collect()
}

fn joins_match(run: &Run) {
    if run.status.is_terminal() {
        return;
    }
    for join in open(run) {
        let Kind::Join { unknown, fork, .. } = &run.step_of(join).kind else { continue };
        if let Some(fork) = fork.and_then(|fork| run.forked(fork, join.scope, join.iteration)) {
            let wanted = awaited(run, join).len();
            // A JOIN inside a branch that someone has ended by hand leaves open tasks behind it.
            let is_exact = !run.tasks.iter().any(|task| is_ended_join(run, task));
            let left = fork.left as usize;
            let fits = left == wanted || !is_exact && left < wanted;
            assert!(fits, "{} waits for {left}, not {wanted}", run.reference_of(join));
            continue;
        }
        let left = join.extra().map_or(0, |extra| extra.waiting_on);
        let wanted = awaited(run, join).len() + *unknown as usize;
        assert_eq!(left as usize, wanted, "what {} waits for", run.reference_of(join));
    }
}

fn queues_match(driven: &Driven) {
    let run = &driven.run;
    if run.status.is_terminal() {
        return;
    }
    let queued: BTreeMap<_, _> =
        open(run).filter_map(|task| Some((task.number, task.queued()?))).collect();
    let known: BTreeMap<_, _> =
        driven.queued.iter().map(|(task, (_, ready))| (*task, *ready)).collect();
    assert_eq!(queued, known, "tasks in queues");
}

/// History folded from scratch gives the same state.
pub fn folds_again(driven: &Driven) {
    let run = &driven.run;
    let mut again = Run::new(run.id, run.definition.clone());
    for (row, event) in &driven.events {
        again.row = *row;
        apply(&mut again, event);
    }
    again.row = run.row;
    again.lane = run.lane;
    assert!(format!("{again:?}") == format!("{run:?}"), "{again:#?}\nis not\n{run:#?}");
    goes_on_from_a_snapshot(driven);
}

/// The state written down after any row and read back is the same state, and the rest of history
/// folded onto it gives the same end.
fn goes_on_from_a_snapshot(driven: &Driven) {
    let run = &driven.run;
    let rows: BTreeSet<_> = driven.events.iter().map(|(row, _)| *row).collect();
    // After a few rows, or one of a long history; the last counts in any case.
    let each = if rows.len() > 100 { rows.len() } else { (rows.len() / 3).max(1) };
    for upto in rows.iter().rev().step_by(each) {
        let mut again = Run::new(run.id, run.definition.clone());
        for (row, event) in driven.events.iter().take_while(|(row, _)| row <= upto) {
            again.row = *row;
            apply(&mut again, event);
        }
        let mut restored = restore(&again, driven);
        assert!(
            format!("{again:?}") == format!("{restored:?}"),
            "{again:#?}\nis not\n{restored:#?}"
        );
        for (row, event) in driven.events.iter().skip_while(|(row, _)| row <= upto) {
            restored.row = *row;
            apply(&mut restored, event);
        }
        restored.row = run.row;
        restored.lane = run.lane;
        assert!(format!("{restored:?}") == format!("{run:?}"), "{restored:#?}\nis not\n{run:#?}");
    }
}

fn restore(run: &Run, driven: &Driven) -> Run {
    let head = Head::of(run);
    let plans: Vec<_> = head.plans().map(|at| planned(driven, at)).collect();
    let begun = head.begin(run.id, run.definition.clone(), &plans).expect("its own plans");
    let holders = head.holders();
    let mut pages = Vec::new();
    for page in run.tasks.pages() {
        let steps = begun.latest.len();
        let tasks = decode_page(&encode_page(page), steps, &holders).expect("a whole page");
        pages.push(tasks);
    }
    head.restore(begun, holders, pages).expect("it fits")
}

/// The branches that the event at that place fixed.
fn planned(driven: &Driven, at: Stored) -> Planned {
    let mut of_row = driven.events.iter().filter(|(row, _)| *row == at.row());
    match of_row.nth(usize::from(at.index())) {
        Some((_, Event::BranchesPlanned(planned))) => (**planned).clone(),
        other => panic!("{other:?} fixes no branches"),
    }
}

/// What a run that has not ended waits for.
pub fn waits(run: &Run) -> Vec<String> {
    let mut waits = Vec::new();
    if run.status == RunStatus::Paused {
        waits.push("resume".to_owned());
    }
    if !run.is_quiet() {
        waits.push("a script".to_owned());
    }
    for task in open(run) {
        let name = run.reference_of(task);
        match &run.step_of(task).kind {
            Kind::Worker { .. } => waits.push(format!("worker {name}")),
            Kind::Wait if task.wait_until().is_some() => waits.push(format!("time {name}")),
            Kind::Wait => waits.push(format!("signal {name}")),
            Kind::Human => waits.push(format!("person {name}")),
            Kind::PullMessages => waits.push(format!("message {name}")),
            Kind::SubWorkflow { .. } if task.child().is_some() => {
                waits.push(format!("child {name}"));
            }
            Kind::SubWorkflow { .. } if clock::task_due(run, task.number).is_some() => {
                waits.push(format!("time {name}"))
            }
            Kind::ExclusiveJoin { .. } => waits.push(format!("join {name}")),
            Kind::Join { unknown, .. } => {
                let mut names = awaited(run, task);
                names.extend((0..*unknown).map(|_| "?".to_owned()));
                waits.push(format!("join {name} on {}", names.join(" ")));
            }
            _ => {}
        }
    }
    waits
}

/// Whether a run that has not ended waits for something that can come: not only for JOINs.
pub fn names_what_it_waits_for(run: &Run) -> bool {
    waits(run).iter().any(|wait| !wait.starts_with("join "))
}
