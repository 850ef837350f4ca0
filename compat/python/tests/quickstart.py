"""The README, followed by somebody who reads nothing else.

The Python blocks of README.md whose first line is a comment naming the file
(`# worker.py`) are written to an empty folder and run as they stand, in the order
in which the README's shell blocks call them. Only the server's address is this test's.
"""

import os
import re
import subprocess
import sys
import tempfile
import time

from sdk import HERE, end_group, environment

README = os.path.join(HERE, os.pardir, os.pardir, "README.md")
BLOCK = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
NAME = re.compile(r"#\s*(?:file:\s*)?([\w./-]+\.py)\b")
CALL = re.compile(r"python3?\s+([\w./-]+\.py)\b")
RUN_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")


def blocks():
    """The README's programs by file name, and the names in the order they are to be run."""
    with open(README, encoding="utf-8") as file:
        found = BLOCK.findall(file.read())
    programs, calls = {}, []
    for language, text in found:
        named = NAME.match(text)
        if language == "python" and named:
            programs[named.group(1)] = text
        elif language in ("sh", "shell", "bash", "console"):
            calls += CALL.findall(text)
    order = [name for name in calls if name in programs]
    return programs, order or list(programs)


def local(text, server):
    """The program with the documented address replaced by this test's."""
    return re.sub(r"http://(?:localhost|127\.0\.0\.1):8080", server.url, text)


def run_for_ever(text):
    return "join_processes" in text


def foreground(folder, name, server):
    done = subprocess.run(
        [sys.executable, name],
        cwd=folder,
        env=environment(server),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=90,
    )
    assert done.returncode == 0, f"{name} ended with {done.returncode}:\n{done.stdout}"
    return done.stdout


def background(folder, name, server):
    return subprocess.Popen(
        [sys.executable, name],
        cwd=folder,
        env=environment(server),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def test_readme_quickstart_as_written(server):
    programs, order = blocks()
    assert programs, "README.md has no python block that names its file"
    assert set(order) == set(programs), f"README.md never runs {set(programs) - set(order)}"
    told, started = "", []
    with tempfile.TemporaryDirectory() as folder:
        for name, text in programs.items():
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(local(text, server))
        # Workers keep running; they are started first only if the README says so.
        try:
            for name in order:
                if run_for_ever(programs[name]):
                    started.append(background(folder, name, server))
                else:
                    told += foreground(folder, name, server)
        finally:
            for process in started:
                end_group(process)
    assert "COMPLETED" in told or RUN_ID.search(told), f"nothing to see in:\n{told}"
    check_runs(server, told)


def check_runs(server, told):
    """Every run the programs printed ended well; its workers may take a moment longer."""
    deadline = time.monotonic() + 30
    for run_id in set(RUN_ID.findall(told)):
        found = server.get(f"/api/workflow/{run_id}")
        if found.status == 404:
            continue
        status = found.json()["status"]
        while status == "RUNNING" and time.monotonic() < deadline:
            time.sleep(0.1)
            status = server.get(f"/api/workflow/{run_id}").json()["status"]
        assert status == "COMPLETED", (run_id, status)
