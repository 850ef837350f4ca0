//! Reads and watches: copies of a run's state, now or when it ends or blocks
//! (`conductor-rest` 1.1.1).

use fermata_decider::Run;
use fermata_decider::run::lookup;
use fermata_types::{BatchNumber, RunId, TaskNumber, Timestamp};

use crate::mutant::Mutant;
use crate::shard::machine::{LoadRequest, Machine, Output, Read};
use crate::shard::request::{Answer, Token, Watched};

/// Someone who wants to know when a run ends or blocks.
#[derive(Debug, Clone)]
pub struct Watch {
    /// Whom to tell.
    pub token: Token,
    /// References whose end blocks.
    pub references: Vec<String>,
}

/// Levels of parents walked up from a run that moved.
const ANCESTORS_MAX: usize = fermata_types::limits::TREE_DEPTH_MAX as usize;

impl Machine {
    /// Reads a run, or begins to watch it; loads it first if it is not in memory.
    pub(super) fn read(&mut self, run: RunId, read: Read, now: Timestamp) {
        if self.deleted.contains_key(&run) {
            self.read_absent(read, run, now);
            return;
        }
        let Some(entry) = self.runs.get_mut(&run) else {
            let waiting = self.reads.entry(run).or_default();
            waiting.push(read);
            if waiting.len() == 1 && !self.loading.contains_key(&run) {
                self.outputs.push_back(Output::Load(LoadRequest::Run(run)));
            }
            return;
        };
        entry.used = self.tick;
        match read {
            Read::Snapshot(token) => {
                let copy = Box::new(entry.run.clone());
                let touched = entry.touched;
                let is_early = self.has(Mutant::EarlyRead);
                let barrier = if is_early { self.durable } else { touched };
                self.answer(barrier, token, Answer::Run(copy));
            }
            Read::Watch(token, references) => {
                self.watches.entry(run).or_default().push(Watch { token, references });
                self.look_at_watches(run);
            }
            Read::Look => self.look_at_watches(run),
            Read::KeyHolder(key, since) => self.start_waiting(&key, Some((run, since)), now),
        }
    }

    /// Stops watching. The watch itself is answered too: nobody listens any more, but whoever stops
    /// the shard waits for every answer.
    pub(super) fn unwatch(&mut self, run: RunId, watch: Token) {
        let is_watch = |read: &Read| matches!(read, Read::Watch(token, _) if *token == watch);
        let is_read = self.reads.get(&run).is_some_and(|reads| reads.iter().any(is_watch));
        let watches = self.watches.get(&run);
        let is_known = watches.is_some_and(|all| all.iter().any(|known| known.token == watch));
        if is_read || is_known {
            self.outputs.push_back(Output::Answer(watch, Answer::Done));
        }
        if let Some(reads) = self.reads.get_mut(&run) {
            reads.retain(|read| !is_watch(read));
        }
        if let Some(watches) = self.watches.get_mut(&run) {
            watches.retain(|known| known.token != watch);
            if watches.is_empty() {
                self.watches.remove(&run);
            }
        }
    }

    /// A run moved: looks at its watches and those of the runs above it.
    pub(super) fn look_at_watches(&mut self, moved: RunId) {
        if self.watches.is_empty() {
            return;
        }
        let mut run = moved;
        for _ in 0..ANCESTORS_MAX {
            if self.watches.contains_key(&run) {
                self.look(run);
            }
            let parent = self.runs.get(&run).and_then(|entry| entry.run.parent);
            let Some(parent) = parent else { break };
            run = parent.run();
        }
    }

    fn look(&mut self, target: RunId) {
        let Some(watches) = self.watches.remove(&target) else { return };
        let mut kept = Vec::new();
        for watch in watches {
            let mut tree = Tree { machine: self, absent: Vec::new(), touched: BatchNumber(0) };
            let blocking = tree.blocking(target, &watch.references);
            let (absent, touched) = (tree.absent, tree.touched);
            for child in absent {
                let waiting = self.reads.entry(child).or_default();
                // Once is enough: a look for each look would never end in a wide tree.
                if waiting.iter().any(|read| matches!(read, Read::Look)) {
                    continue;
                }
                waiting.push(Read::Look);
                if waiting.len() == 1 && !self.loading.contains_key(&child) {
                    self.outputs.push_back(Output::Load(LoadRequest::Run(child)));
                }
            }
            let Some(entry) = self.runs.get(&target) else { continue };
            if blocking.is_none() && !entry.run.status.is_terminal() {
                kept.push(watch);
                continue;
            }
            let blocking = blocking.and_then(|(run, task)| {
                self.runs.get(&run).map(|entry| (Box::new(entry.run.clone()), task))
            });
            let watched = Watched { target: Box::new(entry.run.clone()), blocking };
            let barrier = touched.max(entry.touched);
            self.answer(barrier, watch.token, Answer::Watched(Box::new(watched)));
        }
        if !kept.is_empty() {
            self.watches.entry(target).or_default().extend(kept);
        }
    }
}

/// A look down a tree of runs.
struct Tree<'a> {
    machine: &'a Machine,
    absent: Vec<RunId>,
    touched: BatchNumber,
}

impl Tree<'_> {
    /// The first task that blocks, in the run or below it.
    fn blocking(&mut self, run: RunId, references: &[String]) -> Option<(RunId, TaskNumber)> {
        let Some(entry) = self.machine.runs.get(&run) else {
            self.absent.push(run);
            return None;
        };
        self.touched = self.touched.max(entry.touched);
        if let Some(task) = blocking_task(&entry.run, references) {
            return Some((run, task));
        }
        entry.run.children.values().find_map(|child| self.blocking(*child, references))
    }
}

/// An open WAIT without a time, or an ended task of one of the references.
fn blocking_task(run: &Run, references: &[String]) -> Option<TaskNumber> {
    let is_untimed =
        |number: &TaskNumber| run.task(*number).is_some_and(|task| task.wait_until().is_none());
    let waits = run.waits.iter().copied().find(is_untimed);
    let ended = references.iter().filter_map(|wanted| lookup::ended(run, wanted));
    waits.into_iter().chain(ended.map(|task| task.number)).min()
}
