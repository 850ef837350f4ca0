"""The kill loop: SDK and swarm clients against the real binary, which is killed again and again.

    python run.py --binary PATH --short|--long [--kills N] [--seed S] [--keep]

The binary must be built with the cargo feature `hold-rotation`: it prints `rotation-step NAME`
on stderr and holds each step of a segment rotation for 200 ms, so that kills can be placed
there. Afterwards everything is left to drain, and a ledger kept outside the server judges it.
The last line is `N passed, N failed`; each kill and each rule of the ledger counts as one.
"""

import argparse
import asyncio
import os
import random
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "python")]
sys.dont_write_bytecode = True
os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"

from loop import Loop  # noqa: E402  (the path above comes first)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", required=True, help="built with the feature hold-rotation")
    length = parser.add_mutually_exclusive_group(required=True)
    length.add_argument("--short", action="store_true", help="6 kills")
    length.add_argument("--long", action="store_true", help="50 kills")
    parser.add_argument("--kills", type=int, help="another number of kills")
    parser.add_argument("--seed", type=int, help="the choices of an earlier loop")
    parser.add_argument("--keep", action="store_true", help="keep the data directory")
    given = parser.parse_args()
    seed = given.seed if given.seed is not None else random.SystemRandom().randrange(1 << 32)
    kills = given.kills or (6 if given.short else 50)
    folder = tempfile.mkdtemp(prefix="fermata-kill-")
    print(f"seed {seed}, {kills} kills, everything is in {folder}", flush=True)
    loop = Loop(os.path.abspath(given.binary), folder, seed, kills, 45 if given.short else 120)
    asyncio.run(loop.run())
    if loop.failed or given.keep:
        print(f"kept: {folder}")
    else:
        shutil.rmtree(folder)
    print(f"seed {seed}")
    print(f"{loop.passed} passed, {loop.failed} failed")
    return 1 if loop.failed else 0


if __name__ == "__main__":
    sys.exit(main())
