//! What a scenario does: starts, results of workers, operators' requests, time.

use fermata_decider::Command;
use fermata_decider::command::{ReferenceUpdate, ReportedStatus, TaskUpdate};
use fermata_decider::event::Origin;
use fermata_decider::run::clock;
use fermata_decider::run::decide::Reply;
use fermata_types::{Payload, Span, TaskNumber, TaskStatus, Timestamp};
use serde_json::Value;

use super::{Bench, print};

/// A task to be acted on.
pub struct TaskHandle<'a> {
    bench: &'a mut Bench,
    run: usize,
    task: TaskNumber,
}

impl Bench {
    /// Starts the root with this input.
    pub fn start(mut self, input: Value) -> Self {
        self.note(&format!("start {input}"));
        let id = self.mint();
        let root = self.root.clone();
        let parent = (self.depth > 0).then(|| (self.mint().task(TaskNumber(1)), self.depth));
        let origin = Origin {
            definition: root.hash,
            input: Payload::from_value(&input),
            correlation: Some("order 7".to_owned()),
            priority: self.priority,
            task_to_domain: self.task_to_domain.clone(),
            parent,
            created_by: None,
            idempotency_key: None,
            at: self.now,
        };
        self.add(id, root);
        let started = self.send(0, &Command::Start(Box::new(origin)));
        started.expect("a new run starts");
        self
    }

    /// The open task of that reference (loop suffix optional) in the root.
    pub fn worker(&mut self, reference: &str) -> TaskHandle<'_> {
        self.worker_in(0, reference)
    }

    /// The open task of that reference in a run.
    pub fn worker_in(&mut self, run: usize, reference: &str) -> TaskHandle<'_> {
        let found = self.driven(run).run.tasks.iter().find(|task| {
            let run = &self.driven(run).run;
            let is_named = run.reference_of(task) == reference
                || run.reference_of_step(task.step) == reference;
            is_named && !task.status.is_terminal()
        });
        let task = found.unwrap_or_else(|| panic!("{reference} is not open")).number;
        TaskHandle { bench: self, run, task }
    }

    /// A task of the root by its number, in whatever state.
    pub fn task(&mut self, number: u32) -> TaskHandle<'_> {
        TaskHandle { bench: self, run: 0, task: TaskNumber(number) }
    }

    /// A task of any run by its number.
    pub fn task_in(&mut self, run: usize, task: TaskNumber) -> TaskHandle<'_> {
        TaskHandle { bench: self, run, task }
    }

    /// An update by reference name.
    pub fn by_reference(&mut self, reference: &str, status: ReportedStatus, output: Value) {
        self.note(&format!("update {reference} by reference: {status:?} {output}"));
        self.reference_update(Some(reference), status, &output);
    }

    /// A signal to the first open WAIT.
    pub fn signal(&mut self, output: Value) {
        self.note(&format!("signal {output}"));
        self.reference_update(None, ReportedStatus::Completed, &output);
    }

    fn reference_update(&mut self, reference: Option<&str>, status: ReportedStatus, out: &Value) {
        let update = ReferenceUpdate {
            reference: reference.map(str::to_owned),
            status,
            output: Payload::from_value(out),
            worker: None,
        };
        self.told(0, Command::UpdateByReference(Box::new(update)));
    }

    /// The scripts under way give their results.
    pub fn scripts_end(&mut self) {
        self.note("scripts end");
        self.is_held = false;
        self.told(0, Command::Continue);
    }

    /// Pauses the root.
    pub fn pause(&mut self) {
        self.note("pause");
        self.told(0, Command::Pause);
    }

    /// Resumes the root.
    pub fn resume(&mut self) {
        self.note("resume");
        self.told(0, Command::Resume);
    }

    /// Terminates the root.
    pub fn terminate(&mut self, reason: &str) {
        self.terminate_run(0, Some(reason));
    }

    /// Terminates any run.
    pub fn terminate_run(&mut self, run: usize, reason: Option<&str>) {
        self.note(&format!("terminate run {run}: {reason:?}"));
        self.told(run, Command::Terminate { reason: reason.map(str::to_owned) });
    }

    /// Sends the root a message.
    pub fn message(&mut self, id: &str, payload: Value) {
        self.note(&format!("message {id} {payload}"));
        let payload = Payload::from_value(&payload);
        self.told(0, Command::SendMessage { id: id.to_owned(), payload });
    }

    /// Moves the clock, acting on every deadline in between when it is due.
    pub fn wait(&mut self, seconds: i64) {
        let until = self.now.after(Span::from_seconds(seconds));
        self.note(&format!("{seconds} s pass"));
        while let Some((due, run)) = self.next_deadline().filter(|(due, _)| *due <= until) {
            self.now = self.now.max(due);
            self.reach_deadline(run);
        }
        self.now = until;
    }

    /// Moves the clock while the server is down: deadlines are acted on late, all at once.
    pub fn sleep_through(&mut self, seconds: i64) {
        self.note(&format!("{seconds} s pass while the server is down"));
        self.now = self.now.after(Span::from_seconds(seconds));
        self.deadline();
    }

    /// Acts on every deadline that is due.
    pub fn deadline(&mut self) {
        let now = self.now;
        while let Some((_, run)) = self.next_deadline().filter(|(due, _)| *due <= now) {
            self.reach_deadline(run);
        }
    }

    fn reach_deadline(&mut self, run: usize) {
        let epoch = self.driven(run).run.epoch;
        let before = self.driven(run).run.last;
        self.told(run, Command::DeadlineReached { epoch });
        let now = self.now;
        let driven = &self.driven(run).run;
        let is_still_due = clock::next_deadline(driven).is_some_and(|due| due <= now);
        assert!(driven.last > before || !is_still_due, "a deadline is due and nothing happens");
    }

    /// The earliest deadline of all runs.
    pub fn next_deadline(&self) -> Option<(Timestamp, usize)> {
        let runs = self.runs.iter().enumerate();
        runs.filter_map(|(at, driven)| Some((clock::next_deadline(&driven.run)?, at))).min()
    }

    /// Takes an event as decided in the root, whatever led to it, and goes on from there.
    pub fn happens(&mut self, event: fermata_decider::Event) {
        self.turn(0, vec![event], Vec::new());
    }

    /// Sends a command and writes an unusual answer down.
    /// Answers whether it was granted.
    pub fn told(&mut self, run: usize, command: Command) -> bool {
        let answer = self.send(run, &command);
        match &answer {
            Err(rejection) => self.write(run, &format!("refused: {rejection}")),
            Ok(Reply::Unchanged(task)) => self.write(run, &format!("unchanged: #{}", task.0)),
            Ok(_) => {}
        }
        answer.is_ok()
    }

    pub(super) fn note(&mut self, what: &str) {
        if !self.is_silent {
            let at = print::at(self.now);
            self.text.push_str(&format!("{at} {what}\n"));
        }
    }
}

impl TaskHandle<'_> {
    /// Takes it, if it waits in a queue, and completes it.
    pub fn completes(self, output: Value) {
        self.reports(ReportedStatus::Completed, &output, None);
    }

    /// Takes it, if it waits in a queue, and fails it.
    pub fn fails(self, reason: &str) {
        self.reports(ReportedStatus::Failed, &serde_json::json!({}), Some(reason));
    }

    /// As [`Self::fails`], for good.
    pub fn fails_for_good(self, reason: &str) {
        let status = ReportedStatus::FailedWithTerminalError;
        self.reports(status, &serde_json::json!({}), Some(reason));
    }

    /// Takes it, if it waits in a queue, and cancels it.
    pub fn cancels(self, reason: &str) {
        self.reports(ReportedStatus::Canceled, &serde_json::json!({}), Some(reason));
    }

    /// Takes it, if it waits in a queue, and reports any status.
    pub fn reports(mut self, status: ReportedStatus, output: &Value, reason: Option<&str>) {
        let run = &self.bench.driven(self.run).run;
        let is_scheduled = run
            .task(self.task)
            .is_some_and(|task| task.status == TaskStatus::Scheduled && task.queued().is_some());
        if is_scheduled && !run.status.is_terminal() {
            self.lease();
        }
        self.update(status, output, reason, Span::ZERO);
    }

    /// A worker takes it from its queue.
    pub fn takes(mut self) {
        self.lease();
    }

    /// It goes on; it may be taken again after that many seconds.
    pub fn goes_on(self, output: Value, callback_seconds: i64) {
        let callback = Span::from_seconds(callback_seconds);
        self.update(ReportedStatus::InProgress, &output, None, callback);
    }

    /// A sign of life.
    pub fn extends(self) {
        let (run, task) = (self.run, self.task);
        self.bench.note(&format!("lease of #{} extended", task.0));
        assert!(self.bench.told(run, Command::ExtendLease { task }), "a sign of life is heard");
    }

    /// Its worker is gone before it got the task.
    pub fn comes_back(self) {
        let (run, task) = (self.run, self.task);
        self.bench.note(&format!("#{} comes back", task.0));
        assert!(self.bench.told(run, Command::Return { task }), "a return is heard");
    }

    fn lease(&mut self) {
        let (run, task) = (self.run, self.task);
        let epoch = self.bench.driven(run).run.epoch;
        let worker = Some("w1".to_owned());
        self.bench.note(&format!("a worker takes #{}", task.0));
        let is_granted = self.bench.told(run, Command::Lease { task, epoch, worker });
        assert!(is_granted, "the task waits in its queue");
    }

    fn update(
        self,
        status: ReportedStatus,
        output: &Value,
        reason: Option<&str>,
        callback_after: Span,
    ) {
        let why = reason.map(|reason| format!(" because {reason}")).unwrap_or_default();
        self.bench.note(&format!("#{} reports {status:?} {output}{why}", self.task.0));
        let update = TaskUpdate {
            task: self.task,
            status,
            output: Payload::from_value(output),
            reason: reason.map(str::to_owned),
            worker: Some("w1".to_owned()),
            callback_after,
            logs: Vec::new(),
        };
        let is_granted = self.bench.told(self.run, Command::Update(Box::new(update)));
        assert!(is_granted, "a known task's result is never refused");
    }
}
