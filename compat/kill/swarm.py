"""The swarm: starters, workers and senders on light connections, without pause."""

import asyncio
import collections
import json
import time

from jobs import Held, MessageJob, Plan, StartJob, UpdateJob
from shapes import SWARM_TYPES, WEIGHTS
from wire import Connection, Lost, Traffic

OPEN_TARGET = 140
POLLERS_PER_TYPE = 6
HOLD_SECONDS = 1.2
HELD_MAX = 250


class Swarm:
    """All light clients of one kill loop."""

    def __init__(self, port, ledger, random):
        self.ledger = ledger
        self.random = random
        self.traffic = Traffic()
        self.up = asyncio.Event()
        self.starting = True
        self._port = port
        self.held = collections.deque()
        self.plans = []
        self._cids = 0
        self._sends = 0
        self._tasks = []

    def connection(self):
        return Connection(self._port, self.traffic)

    def begin(self):
        """Start the steady load; it waits whenever `up` is not set."""
        loops = [self._starter() for _ in range(8)]
        loops += [self._sender() for _ in range(8)]
        loops += [self._finisher() for _ in range(12)]
        loops += [self._poller(kind) for kind in SWARM_TYPES for _ in range(POLLERS_PER_TYPE)]
        self._tasks = [asyncio.create_task(loop) for loop in loops]

    async def end(self):
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def check_alive(self):
        """Raise what ended a client, if one has ended: they never end by themselves."""
        for task in self._tasks:
            if task.done():
                task.result()

    # What jobs call back ---------------------------------------------------

    def hold(self, task):
        self.held.append(Held(task, time.monotonic() + self.random.uniform(0, HOLD_SECONDS)))

    def plan(self, start, messages=None):
        count = self.random.randint(3, 8) if messages is None else messages
        self.plans.append(Plan(start.run_id, start.cid, count))

    # Making jobs -----------------------------------------------------------

    def start_job(self):
        flows = list(WEIGHTS)
        (flow,) = self.random.choices(flows, list(WEIGHTS.values()))
        self._cids += 1
        return StartJob(self, flow, f"{flow}-{self._cids}")

    def update_job(self, held):
        self._sends += 1
        return UpdateJob(self, held, self._sends)

    def _due(self):
        if self.held and self.held[0].due <= time.monotonic():
            return self.held.popleft()
        self.held.rotate(-1)
        return None

    def _message_job(self):
        """The next message of some plan, or None; a last message goes alone and at the end."""
        self.plans = [plan for plan in self.plans if not plan.finished]
        waiting = [plan for plan in self.plans if plan.remaining or plan.ready_for_last()]
        if not waiting:
            return None
        plan = self.random.choice(waiting)
        return MessageJob(self, plan, last=not plan.remaining)

    # The steady load ---------------------------------------------------------

    async def _perform(self, connection, job):
        """Send one job and give it its outcome; false if the server is not there."""
        try:
            await connection.open()
        except (OSError, TimeoutError):
            connection.close()
            job.lost()
            return await self._gone()
        try:
            job.answered(*await connection.receive(connection.send(job.kind, job.data)))
        except Lost:
            job.lost()
            return await self._gone()
        return True

    async def _gone(self):
        await asyncio.sleep(0.02)
        await self.up.wait()
        return False

    async def _starter(self):
        connection = self.connection()
        while True:
            await self.up.wait()
            if not self.starting or self.ledger.surely_open() >= OPEN_TARGET:
                await asyncio.sleep(0.03)
                continue
            await self._perform(connection, self.start_job())

    async def _poller(self, kind):
        connection = self.connection()
        query = {"workerid": "swarm", "count": 3, "timeout": 3000}
        path = f"/api/tasks/poll/batch/{kind}"
        while True:
            await self.up.wait()
            if len(self.held) >= HELD_MAX:
                await asyncio.sleep(0.05)
                continue
            try:
                status, body = await connection.call("poll", "GET", path, query=query)
            except (Lost, ConnectionError):
                await self._gone()
                continue
            if status != 200:
                self.ledger.surprise(f"poll {kind}", status, body.decode())
                await asyncio.sleep(0.05)
                continue
            for task in json.loads(body):
                self.hold(task)

    async def _finisher(self):
        connection = self.connection()
        while True:
            await self.up.wait()
            held = self._due()
            if held is None:
                await asyncio.sleep(0.02)
                continue
            await self._perform(connection, self.update_job(held))

    async def _sender(self):
        connection = self.connection()
        while True:
            await self.up.wait()
            doubted = next((plan for plan in self.plans if plan.doubt), None)
            if doubted is not None:
                await self._resolve(connection, doubted)
                continue
            job = self._message_job()
            if job is None:
                await asyncio.sleep(0.03)
                continue
            await self._perform(connection, job)

    async def _resolve(self, connection, plan):
        """Find out whether a last message of unknown outcome was kept.

        Accepting a message wakes the waiting pull in the same commit, so a pull that is
        open on the restarted server says that no message is pending.
        """
        mid, plan.doubt = plan.doubt, None
        try:
            path = f"/api/workflow/{plan.run_id}"
            status, body = await connection.call("read", "GET", path)
        except (Lost, ConnectionError):
            plan.doubt = mid
            await self._gone()
            return
        if status != 200:
            plan.doubt = mid
            self.ledger.surprise("read", status, body.decode())
            await asyncio.sleep(0.05)
            return
        run = json.loads(body)
        pulls = [t for t in run["tasks"] if t["taskType"] == "PULL_WORKFLOW_MESSAGES"]
        if run["status"] != "RUNNING" or mid in json.dumps([t["outputData"] for t in pulls]):
            plan.finished = True
            return
        if any(t["status"] == "IN_PROGRESS" for t in pulls):
            plan.last_sent = False
        else:
            plan.doubt = mid
            await asyncio.sleep(0.05)

    async def read(self, path, body=None, query=None, connection=None):
        """A read of the judge: JSON of a 200, None of a 404."""
        connection = connection or self.connection()
        data = ("POST", path, body) if body is not None else ("GET", path)
        status, text = await connection.call("read", *data, query=query)
        if status == 404:
            return None
        assert status == 200, f"{path}: {status} {text[:300]!r}"
        return json.loads(text)
