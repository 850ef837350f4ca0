"""Clients that make calls without pause and write each of them into the history."""

import asyncio
import json

from record import Run, now
from wire import Connection, Lost, Traffic
from workflows import WAITS

OPEN_MAX = 90
MESSAGES = (3, 8)
# A result is sent again after up to so long, when later steps are already done.
LATE_SECONDS = 2.5
KINDS = {"hc_results": 5, "hc_signals": 3, "hc_messages": 3}


class Drivers:
    """All clients of one check."""

    def __init__(self, port, history, random):
        self.port = port
        self.history = history
        self.random = random
        self.traffic = Traffic()
        self.up = asyncio.Event()
        self.starting = True
        self._names = 0
        self._sends = 0
        self._tasks = set()

    # Making calls --------------------------------------------------------------

    def connection(self):
        return Connection(self.port, self.traffic)

    async def send(self, connection, call, method, path, body=None, query=None):
        """Make one call; its status and body, or None if it was not answered."""
        try:
            status, answer = await connection.call(call.kind, method, path, body, query)
        except Lost:
            await self._gone()
            return None
        except ConnectionError:
            call.settle("unsent")
            await self._gone()
            return None
        if status in (200, 204):
            call.settle("acknowledged", answer)
        else:
            call.settle("refused", (status, answer))
        return status, answer

    async def _gone(self):
        await asyncio.sleep(0.02)
        await self.up.wait()

    def begin(self):
        loops = [self._starter() for _ in range(6)]
        loops += [self._worker(number) for number in range(8)]
        loops += [self._signaller() for _ in range(4)]
        loops += [self._observer() for _ in range(6)]
        loops += [self._operator()]
        for loop in loops:
            self._spawn(loop)

    def _spawn(self, loop):
        task = asyncio.create_task(loop)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task):
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.history.surprises.append(f"a client broke: {task.exception()!r}")

    async def end(self):
        while self._tasks:
            for task in list(self._tasks):
                task.cancel()
            # A cancellation that meets an answer can be lost; it is tried again.
            await asyncio.wait(self._tasks, timeout=0.2)

    # Starts ----------------------------------------------------------------------

    async def _starter(self):
        connection = self.connection()
        while True:
            await self.up.wait()
            if not self.starting or len(self.history.open_runs()) >= OPEN_MAX:
                await asyncio.sleep(0.03)
                continue
            await self._start_one(connection)

    def _new_run(self):
        self._names += 1
        (flow,) = self.random.choices(list(KINDS), list(KINDS.values()))
        strategy = self.random.choice([None, "RETURN_EXISTING", "RETURN_EXISTING", "FAIL"])
        run = Run(flow, f"{flow}-{self._names}", strategy=strategy)
        self.history.runs.append(run)
        return run

    async def _start_one(self, connection):
        run = self._new_run()
        if run.strategy is None:
            await self._start(connection, run)
        else:
            # The same key several times, at the same moment and again when the outcome is lost.
            times = self.random.randint(1, 3)
            await asyncio.gather(*(self._start(self.connection(), run) for _ in range(times)))
            for _ in range(5):
                if run.run_id is not None:
                    break
                await self._start(connection, run)
        if run.run_id is None:
            run.finished = True
        elif run.flow == "hc_messages":
            self._spawn(self._talk(run))

    async def _start(self, connection, run):
        call = self.history.call(self.history.starts, "start", run.correlation, run.strategy)
        body = {"name": run.flow, "version": 1, "correlationId": run.correlation}
        if run.strategy is not None:
            body |= {"idempotencyKey": run.correlation, "idempotencyStrategy": run.strategy}
        answer = await self.send(connection, call, "POST", "/api/workflow", body)
        if answer is None:
            return
        status, text = answer
        if status == 200:
            run.run_id = text.decode()
        elif status != 409 or run.strategy != "FAIL":
            self.history.surprise("start", status, text)

    # Results -----------------------------------------------------------------------

    async def _worker(self, number):
        connection = self.connection()
        query = {"workerid": f"hc-{number}", "count": 3, "timeout": 2000}
        while True:
            await self.up.wait()
            try:
                path = "/api/tasks/poll/batch/hc_work"
                status, body = await connection.call("poll", "GET", path, query=query)
            except (Lost, ConnectionError):
                await self._gone()
                continue
            if status != 200:
                self.history.surprise("poll", status, body)
                await asyncio.sleep(0.05)
                continue
            for task in json.loads(body):
                await self._report(task)

    async def _report(self, task):
        """A result, often several of them at once, and sometimes one that comes far too late."""
        chance = self.random.random()
        if chance < 0.05:
            return
        times = 2 if chance < 0.5 else 1
        await asyncio.gather(*(self._result(task) for _ in range(times)))
        if chance > 0.7:
            self._spawn(self._late_result(task))

    async def _late_result(self, task):
        await asyncio.sleep(self.random.uniform(0, LATE_SECONDS))
        await self.up.wait()
        await self._result(task)

    async def _result(self, task):
        self._sends += 1
        send = f"send-{self._sends}"
        call = self.history.call(self.history.results, "result", task["taskId"], send)
        body = {
            "workflowInstanceId": task["workflowInstanceId"],
            "taskId": task["taskId"],
            "workerId": "hc",
            "status": "COMPLETED",
            "outputData": {"send": send},
        }
        answer = await self.send(self.connection(), call, "POST", "/api/tasks", body)
        if answer is not None and answer[0] not in (200, 204):
            self.history.surprise("result", *answer)

    # Signals -------------------------------------------------------------------------

    async def _signaller(self):
        connection = self.connection()
        while True:
            await self.up.wait()
            runs = [run for run in self.history.open_runs() if run.flow == "hc_signals"]
            if not runs:
                await asyncio.sleep(0.03)
                continue
            await self._signal(connection, self.random.choice(runs))

    async def _signal(self, connection, run):
        self._sends += 1
        send = f"signal-{self._sends}"
        call = self.history.call(self.history.signals, "signal", run.run_id, send)
        path = f"/api/tasks/{run.run_id}/COMPLETED/signal"
        answer = await self.send(connection, call, "POST", path, {"send": send})
        if answer is not None and answer[0] != 200:
            self.history.surprise("signal", *answer)
        if len(self.history.signals[run.run_id]) >= WAITS * 3:
            run.finished = True

    # Messages ------------------------------------------------------------------------

    async def _talk(self, run):
        """All messages of one run, by one or two senders at a time; then the last one."""
        left = list(range(self.random.randint(*MESSAGES)))

        async def sender():
            connection = self.connection()
            while left:
                left.pop()
                await self.up.wait()
                await self._message(connection, run, last=False)

        await asyncio.gather(*(sender() for _ in range(self.random.randint(1, 2))))
        connection = self.connection()
        while not await self._message(connection, run, last=True):
            await self.up.wait()
        run.finished = True

    async def _message(self, connection, run, last):
        """Send one; true when the run has taken it, or takes no more."""
        self._sends += 1
        key = f"message-{self._sends}"
        call = self.history.call(self.history.messages, "message", run.run_id, key)
        body = {"key": key, "last": last}
        path = f"/api/workflow/{run.run_id}/messages"
        answer = await self.send(connection, call, "POST", path, body)
        if answer is None:
            return False
        # A last message of unknown outcome may have ended the run before this one came.
        ended = last and len(self.history.messages[run.run_id]) > 1 and answer[0] in (404, 409)
        if answer[0] != 200 and not ended:
            self.history.surprise("message", *answer)
        return answer[0] == 200 or ended

    # Operators ------------------------------------------------------------------------

    async def _operator(self):
        """Pauses and resumes one run at a time, and terminates a few."""
        connection = self.connection()
        while True:
            await self.up.wait()
            await asyncio.sleep(0.05)
            runs = [run for run in self.history.open_runs() if run.flow == "hc_results"]
            if not runs:
                continue
            run = self.random.choice(runs)
            if self.random.random() < 0.1:
                await self._operate(connection, run, "terminate", "DELETE", "")
                continue
            await self._operate(connection, run, "pause", "PUT", "/pause")
            await asyncio.sleep(self.random.uniform(0, 0.2))
            # Until it is known to go on: a run left paused would never end.
            while True:
                outcome = await self._operate(connection, run, "resume", "PUT", "/resume")
                if outcome in ("acknowledged", "refused"):
                    break

    async def _operate(self, connection, run, kind, method, path):
        await self.up.wait()
        call = self.history.call(self.history.operations, kind, run.run_id, kind)
        await self.send(connection, call, method, f"/api/workflow/{run.run_id}{path}")
        return call.outcome

    # Observers ------------------------------------------------------------------------

    async def _observer(self):
        connection = self.connection()
        while True:
            await self.up.wait()
            known = [run for run in self.history.runs[-3 * OPEN_MAX :] if run.run_id is not None]
            if not known:
                await asyncio.sleep(0.03)
                continue
            run = self.random.choice(known)
            state = await self.observe(connection, run.run_id)
            if state and state["status"] not in ("RUNNING", "PAUSED") and run.flow != "hc_messages":
                run.finished = True

    async def observe(self, connection, run_id):
        """Read a run and keep what it showed."""
        call = self.history.call(self.history.reads, "read", run_id, "read")
        answer = await self.send(connection, call, "GET", f"/api/workflow/{run_id}")
        if answer is None:
            return None
        if answer[0] != 200:
            self.history.surprise(f"read {run_id}", *answer)
            return None
        state = json.loads(answer[1])
        call.told = shown(state)
        return state

    async def drain(self, seconds):
        """Let everything end; the number of runs that did not."""
        self.starting = False
        until = now() + seconds * 1000
        connection = self.connection()
        while True:
            left = 0
            for flow in KINDS:
                path = f"/api/workflow/running/{flow}"
                _, body = await connection.call("read", "GET", path, query={"version": 1})
                left += len(json.loads(body))
            if left == 0 or now() > until:
                return left
            await self._help(connection)
            await asyncio.sleep(0.1)

    async def _help(self, connection):
        """Signals for runs whose start was never answered, so that they can end too."""
        for flow in ("hc_signals", "hc_messages"):
            path = f"/api/workflow/running/{flow}"
            _, body = await connection.call("read", "GET", path, query={"version": 1})
            known = {run.run_id for run in self.history.runs}
            for run_id in json.loads(body):
                run = Run(flow, "", run_id)
                if flow == "hc_signals":
                    await self._signal(connection, run)
                elif run_id not in known:
                    await self._message(connection, run, last=True)


def shown(state):
    """What of a run's state is compared: its status, and its closed tasks with their outputs."""
    tasks = {}
    for task in state["tasks"]:
        if task["status"] not in ("SCHEDULED", "IN_PROGRESS"):
            tasks[task["taskId"]] = (task["status"], json.dumps(task["outputData"], sort_keys=True))
    return {"status": state["status"], "tasks": tasks, "flow": state["workflowName"]}
