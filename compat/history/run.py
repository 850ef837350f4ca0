"""The history checker: many clients, a server that is killed, and a judge of all their calls.

    python run.py --binary PATH --short|--long [--kills N] [--seed S] [--keep]

Starts with and without keys, results that are doubled and come late, signals, messages, pauses
and terminations, and reads all the while. Every call is written down with the moments it was
issued and answered; the judge knows nothing of the server but what those calls said. The last
line is `N passed, N failed`; each kill and each rule counts as one.
"""

import argparse
import asyncio
import os
import random
import shutil
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
COMPAT = os.path.dirname(HERE)
sys.path[:0] = [HERE, os.path.join(COMPAT, "kill"), os.path.join(COMPAT, "python")]
sys.dont_write_bytecode = True

import proof  # noqa: E402  (the path above comes first)
import workflows  # noqa: E402
from drivers import Drivers  # noqa: E402
from harness import Server  # noqa: E402
from record import History  # noqa: E402
from verdict import Verdict  # noqa: E402
from wire import Lost  # noqa: E402

SEGMENT_BYTES = 1 << 20
# A kill counts when so many calls were under way; otherwise it proves little.
UNDER_WAY_MIN = 8
DRAIN_SECONDS = 90


async def kill_again_and_again(server, drivers, kills, rng):
    """How many kills met calls under way."""
    met = 0
    for number in range(1, kills + 1):
        await asyncio.sleep(rng.uniform(0.3, 1.6))
        under_way = len(drivers.traffic.open)
        drivers.up.clear()
        server.process.kill()
        await asyncio.to_thread(server.process.wait)
        began = time.monotonic()
        await asyncio.to_thread(server.start)
        drivers.up.set()
        met += under_way >= UNDER_WAY_MIN
        back = time.monotonic() - began
        print(f"kill {number:3}  calls under way {under_way:3}  back in {back:.2f} s", flush=True)
    return met


async def check(server, rng, kills, folder):
    """Passed and failed."""
    history = History()
    await asyncio.to_thread(server.start)
    await asyncio.to_thread(workflows.register, server)
    drivers = Drivers(server.port, history, rng)
    drivers.begin()
    drivers.up.set()
    try:
        met = await kill_again_and_again(server, drivers, kills, rng)
        left = await drivers.drain(DRAIN_SECONDS)
        print(f"{left} runs are left open", flush=True)
        await drivers.end()
        rules = await Verdict(drivers).rules()
    except (AssertionError, OSError, Lost) as error:
        print(f"FAILED  the check broke off: {error!r}")
        print(server.tail())
        return 0, 1
    finally:
        await drivers.end()
        server.close()
    outcomes = {}
    for call in history.calls():
        outcomes[call.outcome] = outcomes.get(call.outcome, 0) + 1
    print(f"{len(history.runs)} runs, calls: {dict(sorted(outcomes.items()))}")
    for rule in rules:
        rule.show()
    failed = sum(not rule.passed for rule in rules) + (kills - met)
    if failed:
        history.dump(os.path.join(folder, "history.jsonl"))
    return sum(rule.passed for rule in rules) + met, failed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", required=True)
    length = parser.add_mutually_exclusive_group(required=True)
    length.add_argument("--short", action="store_true", help="6 kills")
    length.add_argument("--long", action="store_true", help="60 kills")
    parser.add_argument("--kills", type=int, help="another number of kills")
    parser.add_argument("--seed", type=int, help="the choices of an earlier check")
    parser.add_argument("--keep", action="store_true", help="keep the data directory")
    given = parser.parse_args()
    rules = proof.prove()
    print(f"the judge finds each of {rules} faults that are put into a good history")
    seed = given.seed if given.seed is not None else random.SystemRandom().randrange(1 << 32)
    kills = given.kills or (6 if given.short else 60)
    folder = tempfile.mkdtemp(prefix="fermata-history-")
    print(f"seed {seed}, {kills} kills, everything is in {folder}", flush=True)
    env = {"FERMATA_SEGMENT_BYTES": str(SEGMENT_BYTES)}
    server = Server(os.path.abspath(given.binary), os.path.join(folder, "data"), env=env)
    passed, failed = asyncio.run(check(server, random.Random(seed), kills, folder))
    if failed or given.keep:
        print(f"kept: {folder}")
    else:
        shutil.rmtree(folder)
    print(f"seed {seed}")
    print(f"{passed + rules} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
