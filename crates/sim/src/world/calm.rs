//! The end of a world: no more faults, everyone helps, and every run that can end has to.

use fermata_decider::Command;
use fermata_decider::definition::Kind;
use fermata_runtime::shard::request::Wait;
use fermata_types::{RunId, RunStatus};

use crate::invariants::{
    acknowledged_results_kept, audits_find_nothing, elsewhere_exactly_once,
    every_request_is_answered, every_run_ends,
};
use crate::violation::Checked;
use crate::workload::op::What;
use crate::world::World;

/// Steps after which a world without faults should long have come to rest.
const CALM_STEPS: u64 = 60_000;
/// Times everyone looks for something to help with.
const ROUNDS: usize = 40;

impl World {
    /// Runs to the end, then checks what only the end can tell.
    pub(crate) fn calm(&mut self) -> Checked {
        self.is_faulty = false;
        self.trace.note(self.step, || "calm".to_owned());
        let last = self.step + CALM_STEPS;
        for _ in 0..ROUNDS {
            self.nudge();
            // A worker may poll on and on for a task whose permits a paused run holds.
            let rest = self.step + CALM_STEPS / ROUNDS as u64;
            while self.step < rest && self.make_step()? {}
            if self.shadow.runs.values().all(|run| run.status.is_terminal()) {
                break;
            }
        }
        // One more power cut: what was promised is on the disk.
        self.crash(&[])?;
        while self.step < last && self.make_step()? {}
        every_request_is_answered::check(self)?;
        every_run_ends::check(&self.shadow, &self.ledger)?;
        acknowledged_results_kept::check(&self.shadow, &self.ledger)?;
        elsewhere_exactly_once::at_end(&self.shadow)?;
        audits_find_nothing::at_end(&self.shadow)
    }

    /// Everyone does what a run may be waiting for.
    fn nudge(&mut self) {
        let open: Vec<RunId> = self
            .shadow
            .runs
            .values()
            .filter(|run| !run.status.is_terminal())
            .map(|run| run.id)
            .collect();
        for id in open {
            let Some(run) = self.shadow.runs.get(&id) else { continue };
            if run.status == RunStatus::Paused {
                self.command(id, Command::Resume, What::Hold(id), Wait::Durable);
                continue;
            }
            let pulls = run.tasks.iter().any(|task| {
                !task.status.is_terminal() && matches!(run.step_of(task).kind, Kind::PullMessages)
            });
            if pulls {
                self.message(id);
            } else {
                self.help(id);
            }
        }
    }
}
