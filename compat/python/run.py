"""Runs the compat tests: official Python SDK and plain HTTP against the real binary.

    python run.py --binary PATH [-k FILTER]

Every file of tests/ gets a fresh server; its test functions run in the order they are
written. The last line is `N passed, N failed`; the exit code is 1 if any failed.
"""

import argparse
import importlib.util
import os
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True
os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"

from harness import Server  # noqa: E402  (the path above comes first)


def load(path):
    name = "compat_" + os.path.splitext(os.path.basename(path))[0]
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def tests_of(module):
    found = [(n, f) for n, f in vars(module).items() if n.startswith("test_") and callable(f)]
    return sorted(found, key=lambda item: item[1].__code__.co_firstlineno)


def run_test(label, function, server):
    """Run one test and print its outcome; true if it passed."""
    began = time.monotonic()
    try:
        function(server)
    except Exception:
        print(f"FAILED  {label} ({time.monotonic() - began:.1f} s)")
        traceback.print_exc(file=sys.stdout)
        print("--- the server's last lines ---")
        print(server.tail(25))
        print("---")
        return False
    print(f"passed  {label} ({time.monotonic() - began:.1f} s)")
    return True


def run_file(path, binary, wanted):
    theme = os.path.splitext(os.path.basename(path))[0]
    module = load(path)
    chosen = [(n, f) for n, f in tests_of(module) if wanted in f"{theme}::{n}"]
    passed = failed = 0
    if not chosen:
        return passed, failed
    server = Server(binary)
    try:
        try:
            server.start()
        except AssertionError as error:
            print(f"FAILED  {theme}: no server\n{error}")
            return 0, len(chosen)
        for name, function in chosen:
            if server.process.poll() is not None:
                server.start()
            if run_test(f"{theme}::{name}", function, server):
                passed += 1
            else:
                failed += 1
            sys.stdout.flush()
    finally:
        getattr(module, "teardown", lambda _server: None)(server)
        server.close()
    return passed, failed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", required=True, help="the fermata binary")
    parser.add_argument("-k", default="", help="only tests whose theme::name contains this")
    given = parser.parse_args()
    folder = os.path.join(HERE, "tests")
    files = sorted(f for f in os.listdir(folder) if f.endswith(".py"))
    passed = failed = 0
    for file in files:
        good, bad = run_file(os.path.join(folder, file), os.path.abspath(given.binary), given.k)
        passed += good
        failed += bad
    if passed + failed == 0:
        print("no test matches")
        failed = 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
