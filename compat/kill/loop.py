"""One kill loop: load, kill, restart, again and again; then drain, and judge."""

import asyncio
import collections
import os
import random
import subprocess
import sys
import time

import shapes
from burst import Burst
from harness import Server
from judge import Judge, dump
from ledger import Ledger
from sdk import end_group, environment
from swarm import Swarm
from wire import Lost

HERE = os.path.dirname(os.path.abspath(__file__))
SEGMENT_BYTES = 262144
# Small, so that the checkpointer is always at work.
DELTA_BYTES = 262144
UNANSWERED_MIN = 100
WRITES_MIN = 50
OPEN_MIN = 50
STEP = "rotation-step "
# The steps that crates/store-embedded names; one that is never seen counts as missed.
STEPS = (
    "spare-created",
    "spare-allocated",
    "spare-synced",
    "spare-listed",
    "old-segment-done",
    "header-written",
    "header-synced",
    "first-frame-synced",
    "checkpoint-begun",
    "checkpoint-durable",
    "segment-removed",
    "removal-listed",
)


class Loop:
    """One kill loop from the first start to the last verdict."""

    def __init__(self, binary, folder, seed, kills, drain_seconds):
        self.random = random.Random(seed)
        self.folder = folder
        self.kills = kills
        self.drain_seconds = drain_seconds
        self.steps = collections.Counter(dict.fromkeys(STEPS, 0))
        self.recovery_kills = 0
        self.passed = self.failed = 0
        self.ledger = Ledger(os.path.join(folder, "ledger.jsonl"))
        self.sdk_ledger = os.path.join(folder, "sdk.jsonl")
        env = {
            "FERMATA_SEGMENT_BYTES": str(SEGMENT_BYTES),
            "FERMATA_DELTA_BYTES": str(DELTA_BYTES),
        }
        data = os.path.join(folder, "data")
        self.server = Server(binary, data, env=env, stderr=self._stderr)
        self._step = None

    # Rotation steps ----------------------------------------------------------

    def _stderr(self, line):
        if STEP in line:
            name = line.split(STEP, 1)[1].split()[0]
            self.events.call_soon_threadsafe(self._saw_step, name)

    def _saw_step(self, name):
        self.steps.setdefault(name, 0)
        waits = self._step is not None and not self._step.done()
        if waits and self.steps[name] <= min(self.steps.values()):
            self._step.set_result(name)

    async def _next_step(self):
        """The name of a step the server stands in right now, the least killed one first."""
        self._step = self.events.create_future()
        try:
            return await asyncio.wait_for(self._step, 20)
        except TimeoutError:
            return None
        finally:
            self._step = None

    # One kill ----------------------------------------------------------------

    async def _ready(self):
        """Wait until the load is what a kill needs; false if it never becomes that."""
        for _ in range(1500):
            self.swarm.check_alive()
            if self.ledger.surely_open() >= OPEN_MIN + 10:
                await self.burst.prepare()
                return True
            await asyncio.sleep(0.02)
        return False

    async def _kill(self, number, at_rotation):
        """Kill and restart once; true if the kill met its preconditions."""
        if not await self._ready():
            print(f"kill {number}: the load never became what a kill needs")
            return False
        step = None
        if at_rotation:
            step = await self._next_step()
        else:
            await asyncio.sleep(self.random.uniform(0.1, 0.8))
        await self.burst.prepare()
        open_runs = self.ledger.surely_open()
        sent, under_way = self.burst.fire(self.server.process.kill)
        await asyncio.to_thread(self.server.process.wait)
        unanswered, writes = await self.burst.settle(sent, under_way)
        if step is not None:
            self.steps[step] += 1
        good = unanswered >= UNANSWERED_MIN and writes >= WRITES_MIN and open_runs >= OPEN_MIN
        began = time.monotonic()
        await self._restart()
        where = f"in {step}" if step else "anywhere"
        print(
            f"kill {number:3} {where:32} unanswered={unanswered} writes={writes} "
            f"open_runs={open_runs} back_in={time.monotonic() - began:.2f}s"
            + ("" if good else "  (does not count)"),
            flush=True,
        )
        return good

    async def _restart(self):
        if self.random.random() < 0.2:
            # Recovery itself is killed now and then, before it has served anybody.
            await asyncio.to_thread(self._half_start, self.random.uniform(0.0, 0.06))
            self.recovery_kills += 1
        await asyncio.to_thread(self.server.start)
        self.swarm.up.set()

    def _half_start(self, seconds):
        env = {**os.environ, **self.server.env}
        nowhere = subprocess.DEVNULL
        process = subprocess.Popen(self.server.command(), env=env, stdout=nowhere, stderr=nowhere)
        time.sleep(seconds)
        process.kill()
        process.wait()

    async def _all_kills(self):
        for number in range(1, self.kills + 1):
            for _ in range(4):
                if await self._kill(number, at_rotation=number % 2 == 0):
                    self.passed += 1
                    break
            else:
                self.failed += 1

    # Before and after ----------------------------------------------------------

    async def run(self):
        self.events = asyncio.get_running_loop()
        await asyncio.to_thread(self.server.start)
        await asyncio.to_thread(shapes.register, self.server)
        self.swarm = Swarm(self.server.port, self.ledger, self.random)
        self.burst = Burst(self.swarm)
        program = [sys.executable, os.path.join(HERE, "sdk_load.py"), self.sdk_ledger]
        sdk = subprocess.Popen(
            program,
            env=environment(self.server),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=open(os.path.join(self.folder, "sdk.log"), "w"),
            start_new_session=True,
        )
        try:
            self.swarm.begin()
            self.swarm.up.set()
            await asyncio.to_thread(self._sdk_is_up)
            await self._all_kills()
            self.swarm.starting = False
            sdk.stdin.close()
            await self._drain()
            self.ledger.merge_sdk(self.sdk_ledger)
            await self._judge()
        except (AssertionError, OSError, Lost) as error:
            # A server that does not come back, or goes away by itself, is a failed loop.
            print(f"FAILED  the loop broke off: {error!r}")
            print(self.server.tail())
            self.failed += 1
        finally:
            end_group(sdk)
            await self.swarm.end()
            self.server.close()

    def _sdk_is_up(self):
        """Wait until the SDK's starter has been acknowledged once."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if os.path.exists(self.sdk_ledger):
                with open(self.sdk_ledger, encoding="utf-8") as file:
                    if '"started"' in file.read():
                        return
            time.sleep(0.05)
        raise AssertionError("the SDK's clients never started a run")

    async def _adopt(self):
        """Find the runs whose start was never answered; inbox runs among them want their last."""
        for start in list(self.ledger.starts.values()):
            if start.flow == "kl_inbox" and start.run_id is None:
                path = f"/api/workflow/kl_inbox/correlated/{start.cid}"
                for run in await self.swarm.read(path):
                    start.run_id = run["workflowId"]
                    self.swarm.plan(start, messages=0)

    async def _drain(self):
        began = time.monotonic()
        await self._adopt()
        while time.monotonic() - began < self.drain_seconds:
            self.swarm.check_alive()
            left = 0
            for definition in shapes.DEFINITIONS:
                left += len(await self.swarm.read(f"/api/workflow/running/{definition['name']}"))
            if left == 0:
                break
            await asyncio.sleep(0.2)
        print(f"drained in {time.monotonic() - began:.1f} s, {left} runs left", flush=True)

    async def _judge(self):
        judge = Judge(self.swarm, self.ledger)
        rules = await judge.judge()
        kills = ", ".join(f"{name} {count}" for name, count in sorted(self.steps.items()))
        print(f"kills per rotation step: {kills}")
        print(f"kills during recovery, besides: {self.recovery_kills}")
        starts = self.ledger.starts.values()
        known = sum(start.acknowledged for start in starts)
        print(f"starts: {len(starts)}, acknowledged {known}; runs read back: {len(judge.runs)}")
        for rule in rules:
            rule.show()
            self.passed += rule.passed
            self.failed += not rule.passed
        self._judge_steps()
        if self.failed:
            dump(os.path.join(self.folder, "runs.jsonl"), judge)

    def _judge_steps(self):
        """With enough kills, each named step must have had one; with fewer, as many as fit."""
        reached = sum(count > 0 for count in self.steps.values())
        wanted = min(len(self.steps), self.kills // 2)
        good = reached >= wanted
        missed = [name for name, count in self.steps.items() if count == 0]
        word = "passed" if good else "FAILED"
        print(f"{word}  killed in {reached} rotation steps, {wanted} wanted; missed: {missed}")
        self.passed += good
        self.failed += not good
