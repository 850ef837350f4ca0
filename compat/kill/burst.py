"""The burst: many writes at once, and the kill while most of them are unanswered."""

import asyncio
import select
import time

from jobs import MessageJob
from wire import WRITES, Lost

SIZE = 150
RESULTS_MAX = 50
MESSAGES_MAX = 40


class Burst:
    """The connections that are kept for the moment before a kill."""

    def __init__(self, swarm):
        self.swarm = swarm
        self.random = swarm.random
        self._connections = [swarm.connection() for _ in range(SIZE)]

    async def prepare(self):
        """Open the burst's connections, so that at the moment itself nothing has to wait."""
        await asyncio.gather(*(connection.open() for connection in self._connections))

    def _jobs(self):
        jobs = [
            self.swarm.update_job(self.swarm.held.popleft())
            for _ in range(min(RESULTS_MAX, len(self.swarm.held)))
        ]
        for _ in range(MESSAGES_MAX):
            pending = [plan for plan in self.swarm.plans if plan.remaining]
            if not pending:
                break
            jobs.append(MessageJob(self.swarm, self.random.choice(pending), last=False))
        jobs += [self.swarm.start_job() for _ in range(SIZE - len(jobs))]
        self.random.shuffle(jobs)
        return jobs

    def fire(self, kill):
        """Send a burst of writes, let the server answer a few of them, and kill it.

        Runs without giving way to the event loop, so that what is under way at the kill is
        known exactly. Returns what `settle` needs.
        """
        watch, sent = select.poll(), []
        for connection, job in zip(self._connections, self._jobs(), strict=True):
            sent.append((connection, job, connection.send(job.kind, job.data)))
            watch.register(connection.socket, select.POLLIN)
        wanted = self.random.randrange(len(sent) // 4)
        deadline = time.monotonic() + 0.03
        answered = 0
        while answered < wanted and time.monotonic() < deadline:
            for handle, _ in watch.poll(5):
                watch.unregister(handle)
                answered += 1
        under_way = list(self.swarm.traffic.open)
        self.swarm.up.clear()
        kill()
        return sent, under_way

    async def settle(self, sent, under_way):
        """Give every job its outcome; returns the unanswered requests and writes of the kill."""

        async def outcome(connection, job, request):
            try:
                job.answered(*await connection.receive(request, 10))
            except Lost:
                job.lost()

        await asyncio.gather(*(outcome(*one) for one in sent))
        for _ in range(500):
            if all(request.state != "open" for request in under_way):
                break
            await asyncio.sleep(0.01)
        for connection in self._connections:
            connection.close()
        lost = [request for request in under_way if request.state == "lost"]
        return len(lost), sum(request.kind in WRITES for request in lost)
