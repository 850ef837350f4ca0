"""Compares the ledger with what the server shows at the end. Every rule counts as one."""

import asyncio
import json

import shapes

# The two clocks are the same clock; this allows for the rounding of its readings.
SLACK_MS = 50
READERS = 12


class Rule:
    """One rule: how many things it looked at, and which of them broke it."""

    def __init__(self, text):
        self.text = text
        self.looked_at = 0
        self.broken = []

    def check(self, holds, *said):
        self.looked_at += 1
        if not holds:
            self.broken.append(" ".join(str(part) for part in said))

    @property
    def passed(self):
        return not self.broken and self.looked_at > 0

    def show(self):
        word = "passed" if self.passed else "FAILED"
        print(f"{word}  {self.text} ({self.looked_at} looked at, {len(self.broken)} broken)")
        for line in self.broken[:10]:
            print(f"        {line}")


class Judge:
    def __init__(self, swarm, ledger):
        self.swarm = swarm
        self.ledger = ledger
        self.runs = {}
        self.attempts = {}

    async def judge(self):
        """All rules, judged."""
        found = await self._correlated()
        await self._load({run for runs in found.values() for run in runs})
        children = {
            task["subWorkflowId"]
            for run in self.runs.values()
            for task in run["tasks"]
            if task.get("subWorkflowId")
        }
        await self._load(children)
        for run in self.runs.values():
            for task in run["tasks"]:
                self.attempts[task["taskId"]] = task
        return [
            self._starts(found),
            self._unknown_starts(found),
            self._steps(),
            self._results(),
            self._passed_on(),
            self._messages(),
            await self._nothing_left(),
            self._surprises(),
        ]

    async def _correlated(self):
        """Correlation id to run ids, for every start that was ever tried."""
        by_flow = {}
        for start in self.ledger.starts.values():
            by_flow.setdefault(start.flow, []).append(start.cid)
        pages = [
            (flow, cids[at : at + 50])
            for flow, cids in by_flow.items()
            for at in range(0, len(cids), 50)
        ]
        found = {}

        async def page(flow, cids):
            path = f"/api/workflow/{flow}/correlated"
            answer = await self.swarm.read(path, cids, {"includeClosed": "true"})
            for cid, runs in answer.items():
                found[cid] = [run["workflowId"] for run in runs]

        await in_parallel(page, pages)
        return found

    async def _load(self, ids):
        async def load(run_id):
            run = await self.swarm.read(f"/api/workflow/{run_id}")
            if run is not None:
                self.runs[run_id] = run

        await in_parallel(load, [(run_id,) for run_id in ids])

    def _starts(self, found):
        rule = Rule("every acknowledged start is one run, and it ended COMPLETED")
        for start in self.ledger.starts.values():
            if start.acknowledged:
                run = self.runs.get(start.run_id)
                rule.check(
                    found.get(start.cid) == [start.run_id] and run and run["status"] == "COMPLETED",
                    f"{start.cid} {start.run_id}: runs {found.get(start.cid)},",
                    f"status {run and run['status']} {run and run.get('reasonForIncompletion')}",
                )
        return rule

    def _unknown_starts(self, found):
        rule = Rule("a start of unknown outcome happened once or not at all")
        for start in self.ledger.starts.values():
            if not start.acknowledged:
                runs = found.get(start.cid, [])
                ends = [self.runs[r]["status"] if r in self.runs else None for r in runs]
                good = len(runs) <= 1 and all(end == "COMPLETED" for end in ends)
                rule.check(good, f"{start.cid}: {runs} {ends}")
        return rule

    def _steps(self):
        rule = Rule("every step of every run has exactly one COMPLETED attempt, the last one")
        for run_id, run in self.runs.items():
            steps = {}
            for task in run["tasks"]:
                steps.setdefault(task["referenceTaskName"], []).append(task)
            missing = shapes.WORKER_STEPS.get(run["workflowName"], set()) - set(steps)
            rule.check(not missing, f"{run_id} lacks {sorted(missing)}")
            for ref, tasks in steps.items():
                ends = [task["status"] for task in tasks]
                counts = [task["retryCount"] for task in tasks]
                early = all(end == "TIMED_OUT" for end in ends[:-1])
                good = early and ends[-1] == "COMPLETED" and counts == list(range(len(tasks)))
                rule.check(good, f"{run_id} {ref}: {ends} {counts}")
        return rule

    def _results(self):
        rule = Rule("an acknowledged result is its attempt's output, or came to a closed attempt")
        for task_id, sends in self.ledger.results.items():
            told = [s.acknowledged_ms for s in sends if s.acknowledged_ms is not None]
            if not told:
                continue
            task = self.attempts.get(task_id)
            if task is None:
                rule.check(False, f"{task_id}: acknowledged, and not there")
            elif task["status"] == "COMPLETED":
                # A report of unknown outcome may have closed the attempt before this one came.
                fair = [send.output for send in sends if send.issued_ms <= min(told)]
                rule.check(task["outputData"] in fair, f"{task_id}: {task['outputData']}")
            else:
                closed = (
                    task["status"] == "TIMED_OUT" and 0 < task["endTime"] <= min(told) + SLACK_MS
                )
                seen = f"{task['status']} at {task['endTime']}, acknowledged at {min(told)}"
                rule.check(closed, f"{task_id}: {seen}")
        return rule

    def _passed_on(self):
        rule = Rule("what a step was given is what the step before it recorded")
        before = {
            "b": "a",
            "two": "one",
            "polled": "two",
            "turn__2": "turn__1",
            "turn__3": "turn__2",
        }
        for run_id, run in self.runs.items():
            done = {
                task["referenceTaskName"]: task["outputData"]
                for task in run["tasks"]
                if task["status"] == "COMPLETED"
            }
            for task in run["tasks"]:
                ref = task["referenceTaskName"]
                # A later attempt in a loop reads its own failed attempt: that is the latest one.
                is_own = ref.startswith("turn") and task["retryCount"] > 0
                if ref in before and not is_own:
                    same = task["inputData"].get("prev") == done.get(before[ref])
                    rule.check(same, f"{run_id} {ref}: {task['inputData'].get('prev')}")
                # A sub-workflow's task shows what its child's last task recorded.
                is_worker = task["workflowTask"]["type"] == "SIMPLE"
                if is_worker and ref in done and done[ref].get("task"):
                    own = done[ref]["task"] == task["taskId"] or task["status"] != "COMPLETED"
                    rule.check(own, f"{run_id} {ref}: recorded output of {done[ref]['task']}")
        return rule

    def _messages(self):
        rule = Rule("every acknowledged message is consumed once, and none is consumed twice")
        for run_id, sent in self.ledger.messages.items():
            run = self.runs.get(run_id) or {"tasks": []}
            got = [
                message["payload"]["mid"]
                for task in run["tasks"]
                if task["taskType"] == "PULL_WORKFLOW_MESSAGES"
                for message in task["outputData"].get("messages", [])
            ]
            for mid, acknowledged in sent.items():
                count = got.count(mid)
                good = count == 1 if acknowledged else count <= 1
                rule.check(good, f"{run_id} {mid}: consumed {count} times, told {acknowledged}")
            strangers = set(got) - set(sent)
            rule.check(not strangers, f"{run_id}: never sent {sorted(strangers)}")
        return rule

    async def _nothing_left(self):
        rule = Rule("nothing is running any more")
        for definition in shapes.DEFINITIONS:
            name = definition["name"]
            left = await self.swarm.read(f"/api/workflow/running/{name}")
            rule.check(left == [], f"{name}: {len(left)} runs, first {left[:3]}")
        return rule

    def _surprises(self):
        rule = Rule("no request was refused")
        rule.looked_at = len(self.ledger.starts) + len(self.ledger.results)
        rule.broken = list(self.ledger.surprises)
        return rule


async def in_parallel(work, items):
    """Await `work(*item)` for all items, a few at a time."""
    todo = list(items)

    async def reader():
        while todo:
            await work(*todo.pop())

    await asyncio.gather(*(reader() for _ in range(READERS)))


def dump(path, judge):
    """Write every loaded run to a file, for whoever has to find out why."""
    with open(path, "w", encoding="utf-8") as file:
        for run in judge.runs.values():
            file.write(json.dumps(run) + "\n")
