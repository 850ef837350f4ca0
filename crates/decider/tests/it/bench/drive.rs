//! Commands, turns, and effects carried from run to run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fermata_decider::definition::Workflow;
use fermata_decider::needs::Needs;
use fermata_decider::run::decide::Reply;
use fermata_decider::run::{Advanced, Decision, Run, Stored};
use fermata_decider::{Command, Context, Effect, Event, Rejection, advance, apply, decide};
use fermata_types::{RunId, limits};

use super::view::View;
use super::{Bench, Carried, Driven, invariants, print};

/// Rounds of fetching one decision may take.
const ROUNDS_MAX: usize = 100;

impl Bench {
    /// Sends a command to a run and everything that follows from it to the whole tree.
    pub fn send(&mut self, index: usize, command: &Command) -> Result<Reply, Rejection> {
        let reply = self.command(index, command);
        while let Some(carried) = self.carried.pop_front() {
            match carried {
                Carried::Start { child, definition, origin } => {
                    self.add(child, definition);
                    let index = self.runs.len() - 1;
                    self.command(index, &Command::Start(origin)).expect("a new run starts");
                }
                Carried::End { child, reason } => {
                    if let Some(index) = self.index_of(child) {
                        let end = Command::EndWithParent { reason };
                        self.command(index, &end).expect("a parent's end is never refused");
                    }
                }
                Carried::Notify(end) => {
                    if let Some(index) = self.index_of(end.parent.run()) {
                        let ended = Command::ChildEnded(end);
                        self.command(index, &ended).expect("a child's end is never refused");
                    }
                }
            }
        }
        reply
    }

    pub(super) fn add(&mut self, id: RunId, definition: Arc<Workflow>) {
        self.runs.push(Driven {
            run: Run::new(id, definition),
            events: Vec::new(),
            payloads: BTreeMap::new(),
            hot: BTreeSet::new(),
            results: BTreeMap::new(),
            messages: BTreeMap::new(),
            queued: BTreeMap::new(),
            logs: Vec::new(),
        });
    }

    fn command(&mut self, index: usize, command: &Command) -> Result<Reply, Rejection> {
        let was = self.driven(index).run.status;
        let had_started = self.driven(index).run.has_started();
        let result = match self.decided(index, command) {
            Decision::Accepted { events, effects, reply } => {
                self.turn(index, events, effects);
                Ok(reply)
            }
            Decision::Rejected(rejection) => Err(rejection),
            Decision::Needs(needs) => panic!("{command:?} still lacks {needs:?}"),
        };
        let driven = self.driven_mut(index);
        driven.hot.clear();
        driven.results.clear();
        let is = driven.run.status;
        let may_change = !was.is_terminal()
            || is == was
            || is == fermata_types::RunStatus::Terminated
                && was != fermata_types::RunStatus::Completed;
        assert!(!had_started || may_change, "terminal is terminal: {was} became {is}");
        invariants::check(self.driven(index), self.is_held);
        if self.is_strict {
            invariants::folds_again(self.driven(index));
        }
        result
    }

    fn decided(&mut self, index: usize, command: &Command) -> Decision {
        for _ in 0..ROUNDS_MAX {
            let decision = self.seen(index, |run, context| decide(run, command, context));
            match decision {
                Decision::Needs(needs) => self.fetch(index, needs),
                other => return other,
            }
        }
        self.seen(index, |run, context| decide(run, command, context))
    }

    /// Asks twice: the same input gives the same answer.
    fn seen<T: std::fmt::Debug>(&self, index: usize, ask: impl Fn(&Run, Context<'_>) -> T) -> T {
        let driven = self.driven(index);
        let view = View { bench: self, driven };
        let context = Context { now: self.now, fetched: &view };
        if self.is_strict {
            let minted = self.minted.get();
            let first = format!("{:?}", ask(&driven.run, context));
            self.minted.set(minted);
            let second = ask(&driven.run, context);
            assert!(first == format!("{second:?}"), "two answers to one question");
            return second;
        }
        ask(&driven.run, context)
    }

    pub(super) fn turn(&mut self, index: usize, events: Vec<Event>, effects: Vec<Effect>) {
        self.begin_row(index);
        self.take(index, events, effects);
        let mut rounds = 0;
        for _ in 0..self.step_limit {
            let driven = self.driven(index);
            let in_row = driven.run.last.0 + 1 - driven.run.row.0;
            if in_row >= limits::TURN_EVENTS_MAX as u64 {
                self.begin_row(index);
            }
            match self.seen(index, advance) {
                Advanced::Quiet => return,
                Advanced::Needs(needs) => {
                    rounds += 1;
                    assert!(rounds < self.step_limit, "still lacks {needs:?}");
                    assert!(!needs.is_empty(), "needs nothing");
                    if self.is_held && needs.payloads.is_empty() {
                        return;
                    }
                    self.fetch(index, needs);
                    self.begin_row(index);
                }
                Advanced::Step(step) => {
                    let moves = !step.events.is_empty() || !step.effects.is_empty();
                    assert!(moves, "a step without events and effects");
                    self.take(index, step.events, step.effects);
                }
            }
        }
        panic!("the run is not quiet after {} steps\n{}", self.step_limit, self.text());
    }

    fn begin_row(&mut self, index: usize) {
        let run = &mut self.driven_mut(index).run;
        run.row = run.last.next();
    }

    fn take(&mut self, index: usize, events: Vec<Event>, effects: Vec<Effect>) {
        for event in events {
            let driven = self.driven_mut(index);
            apply(&mut driven.run, &event);
            let row = driven.run.row;
            if let Some(payload) = event.payload() {
                let in_row = u16::try_from(driven.run.last.0 - row.0).expect("rows are short");
                let at = Stored::new(row, in_row);
                driven.payloads.insert(at, payload.clone());
                driven.hot.insert(at);
            }
            if !self.is_silent {
                let line = print::event(&self.driven(index).run, &event);
                self.write(index, &line);
            }
            self.driven_mut(index).events.push((row, event));
        }
        for effect in effects {
            if !self.is_silent {
                self.write(index, &print::effect(&effect));
            }
            self.carry(index, effect);
        }
    }

    fn fetch(&mut self, index: usize, needs: Needs) {
        let (scripts, is_held) = (self.scripts, self.is_held);
        let driven = self.driven_mut(index);
        assert!(!needs.is_empty(), "needs nothing");
        assert!(needs.definitions.is_empty() && needs.messages.is_none(), "always at hand here");
        for stored in needs.payloads {
            assert!(driven.payloads.contains_key(&stored), "{stored:?} was never brought");
            driven.hot.insert(stored);
        }
        let answered = if is_held { Vec::new() } else { needs.evaluations };
        for request in answered {
            let input = request.script.input.to_value();
            driven.results.insert(request.key, scripts(&request.script.source, &input));
        }
    }
}
