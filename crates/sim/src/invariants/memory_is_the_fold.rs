//! Once everything of a shard is durable, each run in its memory is the fold of its history.

use fermata_decider::Run;
use fermata_runtime::shard::Machine;

use crate::shadow::Shadow;
use crate::violation::{Checked, expect};

const NAME: &str = "memory_is_the_fold";

/// A machine without undurable batches.
pub(crate) fn check(machine: &Machine, shadow: &Shadow) -> Checked {
    for run in machine.runs_in_memory().filter(|run| run.has_started()) {
        let Some(durable) = shadow.runs.get(&run.id) else {
            return expect(false, NAME, || format!("run {} is in memory only", run.id));
        };
        let difference = differs(run, durable);
        expect(difference.is_none(), NAME, || {
            format!("run {}: {} differs in memory", run.id, difference.unwrap_or(""))
        })?;
    }
    Ok(())
}

/// The first field in which two states differ.
pub(crate) fn differs(one: &Run, other: &Run) -> Option<&'static str> {
    let fields = [
        ("last", one.last == other.last),
        ("epoch", one.epoch == other.epoch),
        ("status", one.status == other.status),
        ("input", one.input == other.input),
        ("output", one.output == other.output && one.output_at == other.output_at),
        ("variables", one.variables == other.variables),
        ("parent", one.parent == other.parent && one.depth == other.depth),
        ("reason", one.reason == other.reason && one.failed_task == other.failed_task),
        ("ended", one.ended == other.ended && one.updated == other.updated),
        ("clock", one.clock_restarted == other.clock_restarted),
        ("tasks", one.tasks == other.tasks),
        ("latest", one.latest == other.latest && one.in_loops == other.in_loops),
        ("dynamic", is_same_dynamic(one, other)),
        ("open", one.open == other.open && one.children == other.children),
        ("pulls", one.pulls == other.pulls && one.waits == other.waits),
        ("permissive", one.permissive_failures == other.permissive_failures),
        ("agenda", one.agenda == other.agenda),
        ("deadlines", one.deadlines == other.deadlines),
        ("main_ended", one.main_ended == other.main_ended),
        ("terminated_by", one.terminated_by == other.terminated_by),
        ("lane", one.lane == other.lane),
    ];
    fields.into_iter().find(|(_, same)| !same).map(|(name, _)| name)
}

/// The counters of dynamic forks; their plans come from events alone.
fn is_same_dynamic(one: &Run, other: &Run) -> bool {
    let forks = |run: &Run| -> Vec<_> {
        let forks = run.dynamic.forks().iter();
        forks.map(|fork| (fork.task, fork.base, fork.made, fork.left)).collect()
    };
    forks(one) == forks(other)
}
