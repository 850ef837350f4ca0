"""Judges a history. Every rule counts as one."""

import bisect
import json

import workflows
from judge import Rule, in_parallel

# Server stamps are whole milliseconds of the same clock.
SLACK_MS = 5
TERMINAL = ("COMPLETED", "FAILED", "TIMED_OUT", "TERMINATED")


class Verdict:
    def __init__(self, drivers):
        self.drivers = drivers
        self.history = drivers.history
        self.final = {}
        self.found = {}

    async def rules(self):
        """All rules, judged on the last state of every run."""
        await self._read_all()
        return self.judged()

    def judged(self):
        """All rules, judged on what has been read."""
        return [
            self._starts(),
            self._keys(),
            self._results(),
            self._once(),
            self._signals(),
            self._messages(),
            self._status(),
            self._reads_agree(),
            self._reads_are_fresh(),
            self._operations(),
            self._ends(),
            self._surprises(),
        ]

    async def _read_all(self):
        connection = self.drivers.connection()
        by_flow = {}
        for run in self.history.runs:
            by_flow.setdefault(run.flow, []).append(run.correlation)
        for flow, names in by_flow.items():
            for at in range(0, len(names), 50):
                path = f"/api/workflow/{flow}/correlated"
                page = names[at : at + 50]
                query = {"includeClosed": "true"}
                _, body = await connection.call("read", "POST", path, page, query)
                for name, runs in json.loads(body).items():
                    self.found[name] = [run["workflowId"] for run in runs]

        async def read(run_id):
            state = await self.drivers.observe(self.drivers.connection(), run_id)
            if state is not None:
                self.final[run_id] = state

        ids = {run_id for runs in self.found.values() for run_id in runs}
        ids |= {run.run_id for run in self.history.runs if run.run_id is not None}
        await in_parallel(read, [(run_id,) for run_id in ids])

    def _starts(self):
        rule = Rule("a start happened once if it was acknowledged, and at most once otherwise")
        calls = {}
        for call in self.history.starts:
            calls.setdefault(call.subject, []).append(call)
        for name, made in calls.items():
            runs = self.found.get(name, [])
            known = {call.told.decode() for call in made if call.acknowledged}
            rule.check(known <= set(runs), f"{name}: told {known}, there are {runs}")
            if made[0].key is None:
                sent = [call for call in made if call.outcome in ("acknowledged", "unknown")]
                rule.check(len(runs) <= len(sent), f"{name}: {runs} of {len(sent)} starts")
        return rule

    def _keys(self):
        rule = Rule("starts with one idempotency key are one run, and all are told of it")
        for run in self.history.runs:
            if run.strategy is None:
                continue
            calls = [call for call in self.history.starts if call.subject == run.correlation]
            told = {call.told.decode() for call in calls if call.acknowledged}
            runs = self.found.get(run.correlation, [])
            rule.check(len(told) <= 1 and len(runs) <= 1, f"{run.correlation}: {told} {runs}")
            refusals = [call.told[1].decode() for call in calls if call.outcome == "refused"]
            for text in refusals:
                rule.check(len(runs) == 1 and runs[0] in text, f"{run.correlation}: {text}")
            if run.strategy == "FAIL":
                granted = sum(call.acknowledged for call in calls)
                rule.check(granted <= 1, f"{run.correlation}: {granted} starts were granted")
        return rule

    def _tasks(self):
        return {
            task["taskId"]: (state, task)
            for state in self.final.values()
            for task in state["tasks"]
        }

    def _results(self):
        rule = Rule("an acknowledged result is its attempt's output, or came to a closed attempt")
        tasks = self._tasks()
        for task_id, sends in self.history.results.items():
            told = [call for call in sends if call.acknowledged]
            if not told:
                continue
            first = min(call.answered for call in told)
            state, task = tasks.get(task_id, (None, None))
            if task is None:
                rule.check(False, f"{task_id}: acknowledged, and not there")
            elif task["status"] == "COMPLETED":
                fair = [call.key for call in sends if call.issued <= first]
                rule.check(task["outputData"].get("send") in fair, f"{task_id}: {task}")
            else:
                ended = task["endTime"] or state["endTime"]
                good = task["status"] in ("TIMED_OUT", "CANCELED") and ended <= first + SLACK_MS
                rule.check(good, f"{task_id}: {task['status']} at {ended}, told at {first}")
        return rule

    def _once(self):
        rule = Rule("each step of a completed run has one COMPLETED attempt, the last one")
        for run_id, state in self.final.items():
            if state["status"] != "COMPLETED" or state["workflowName"] != "hc_results":
                continue
            for ref in workflows.STEPS:
                ends = [t["status"] for t in state["tasks"] if t["referenceTaskName"] == ref]
                good = ends[-1:] == ["COMPLETED"] and set(ends[:-1]) <= {"TIMED_OUT"}
                rule.check(good, f"{run_id} {ref}: {ends}")
        return rule

    def _signals(self):
        rule = Rule("a signal completes one step, in order, unless none was left")
        for run_id, calls in self.history.signals.items():
            state = self.final.get(run_id)
            if state is None:
                rule.check(False, f"{run_id} is not there")
                continue
            done = [t["outputData"].get("send") for t in state["tasks"] if t["outputData"]]
            rule.check(len(set(done)) == len(done), f"{run_id}: {done}")
            rule.check(set(done) <= {call.key for call in calls}, f"{run_id}: strangers in {done}")
            for call in calls:
                if call.acknowledged and call.key not in done:
                    # Nothing was blocked any more: the run had ended when it was answered.
                    good = 0 < state["endTime"] <= call.answered + SLACK_MS
                    rule.check(good, f"{run_id}: {call.key} is lost")
            self._in_order(rule, run_id, done, calls)
        return rule

    def _messages(self):
        rule = Rule("messages are consumed in order, each once, none lost, none made up")
        for run_id, calls in self.history.messages.items():
            state = self.final.get(run_id)
            if state is None:
                rule.check(False, f"{run_id} is not there")
                continue
            got = [
                message["payload"]["key"]
                for task in state["tasks"]
                if task["taskType"] == "PULL_WORKFLOW_MESSAGES"
                for message in task["outputData"].get("messages", [])
            ]
            rule.check(len(set(got)) == len(got), f"{run_id}: {got}")
            rule.check(set(got) <= {call.key for call in calls}, f"{run_id}: strangers in {got}")
            told = {call.key for call in calls if call.acknowledged}
            rule.check(told <= set(got), f"{run_id}: lost {sorted(told - set(got))}")
            self._in_order(rule, run_id, got, calls)
        return rule

    @staticmethod
    def _in_order(rule, run_id, seen, calls):
        """What was answered before another call was issued also took effect before it."""
        places = {key: at for at, key in enumerate(seen)}
        placed = sorted((call for call in calls if call.key in places), key=lambda c: c.issued)
        for at, later in enumerate(placed):
            for earlier in placed[:at]:
                if earlier.precedes(later):
                    good = places[earlier.key] < places[later.key]
                    rule.check(good, f"{run_id}: {later.key} before {earlier.key} in {seen}")

    def _reads_of(self, run_id):
        reads = [call for call in self.history.reads.get(run_id, []) if call.acknowledged]
        return sorted(reads, key=lambda call: call.answered)

    def _earlier(self, reads):
        """Each read with the latest one that was answered before it was issued."""
        answered = [read.answered for read in reads]
        for read in reads:
            at = bisect.bisect_left(answered, read.issued)
            if at > 0:
                yield reads[at - 1], read

    def _status(self):
        rule = Rule("a run that has ended stays as it ended")
        for run_id in self.history.reads:
            reads = self._reads_of(run_id)
            for earlier, later in self._earlier(reads):
                was, is_now = earlier.told["status"], later.told["status"]
                if was in TERMINAL:
                    rule.check(was == is_now, f"{run_id}: {was}, then {is_now}")
        return rule

    def _reads_agree(self):
        rule = Rule("what a read showed of a closed task, every later read shows")
        for run_id in self.history.reads:
            for earlier, later in self._earlier(self._reads_of(run_id)):
                before, after = earlier.told["tasks"], later.told["tasks"]
                if earlier.told["flow"] == "hc_messages":
                    # The loop's own output is derived on read and may yet gain iterations.
                    continue
                same = all(after.get(task) == state for task, state in before.items())
                rule.check(same, f"{run_id}: {before}, then {after}")
        return rule

    def _reads_are_fresh(self):
        rule = Rule("an acknowledged result is in every read issued after it")
        first = {}
        for task_id, sends in self.history.results.items():
            told = [call.answered for call in sends if call.acknowledged]
            if told:
                first[task_id] = min(told)
        by_run = {}
        for task_id, (state, _) in self._tasks().items():
            if task_id in first:
                by_run.setdefault(state["workflowId"], []).append(task_id)
        for run_id, tasks in by_run.items():
            for read in self._reads_of(run_id):
                for task_id in tasks:
                    if first[task_id] < read.issued:
                        good = task_id in read.told["tasks"] or read.told["status"] in TERMINAL
                        rule.check(good, f"{run_id}: {task_id} is not closed in {read.told}")
        return rule

    def _operations(self):
        rule = Rule("pause, resume and terminate are seen by every read after them")
        for run_id, calls in self.history.operations.items():
            reads = self._reads_of(run_id)
            for at, call in enumerate(calls):
                if not call.acknowledged:
                    continue
                until = calls[at + 1].issued if at + 1 < len(calls) else float("inf")
                within = [r for r in reads if r.issued > call.answered and r.answered < until]
                for read in within:
                    status = read.told["status"]
                    if call.kind == "pause":
                        good = status != "RUNNING"
                    elif call.kind == "resume":
                        good = status != "PAUSED"
                    else:
                        good = status in TERMINAL
                    rule.check(good, f"{run_id}: {status} after {call.kind}")
        return rule

    def _ends(self):
        rule = Rule("every run has ended COMPLETED, or TERMINATED where somebody asked for it")
        for run_id, state in self.final.items():
            asked = self.history.operations.get(run_id, [])
            may = {"COMPLETED"}
            if any(call.kind == "terminate" and call.outcome != "unsent" for call in asked):
                may.add("TERMINATED")
            rule.check(state["status"] in may, f"{run_id}: {state['status']}")
        return rule

    def _surprises(self):
        rule = Rule("no call was refused that must be granted")
        rule.looked_at = len(self.history.calls())
        rule.broken = list(self.history.surprises)
        return rule
