"""The official SDK's share of the load: TaskHandler processes, a polling client, a starter.

    python sdk_load.py LEDGER

Reads the server's address from CONDUCTOR_SERVER_URL. Starts runs until its standard input
is closed, and works until it is killed. Every start and every result of the polling client
is written to LEDGER before and after it is sent, one JSON object a line.
"""

import itertools
import json
import logging
import os
import sys
import threading
import time

from conductor.client.automator.task_handler import TaskHandler
from conductor.client.configuration.configuration import Configuration
from conductor.client.context.task_context import get_task_context
from conductor.client.http.models.start_workflow_request import StartWorkflowRequest
from conductor.client.http.models.task_result import TaskResult
from conductor.client.orkes_clients import OrkesClients
from conductor.client.worker.worker_task import worker_task

OPEN_RUNS = 25


def output(step, n):
    return {"step": step, "n": n, "task": get_task_context().get_task_id()}


@worker_task(task_definition_name="kl_sdk_one", thread_count=8, poll_interval_millis=50)
def one(n: int) -> dict:
    return output("one", n)


@worker_task(task_definition_name="kl_sdk_two", thread_count=8, poll_interval_millis=50)
def two(n: int, prev: dict) -> dict:
    return output("two", n)


class Book:
    """The lines of this process; several threads write them."""

    def __init__(self, path):
        self._file = open(path, "a", buffering=1, encoding="utf-8")
        self._lock = threading.Lock()

    def write(self, event, **fields):
        with self._lock:
            at = time.time() * 1000
            self._file.write(json.dumps({"event": event, "at": at, **fields}) + "\n")


class Pace:
    """How many runs are probably open."""

    def __init__(self):
        self.started = 0
        self.reported = 0


def start_runs(book, pace, stop):
    client = OrkesClients(Configuration()).get_workflow_client()
    for n in itertools.count():
        while pace.started - pace.reported >= OPEN_RUNS and not stop.wait(0.05):
            pass
        if stop.is_set():
            return
        cid = f"sdk-{n}"
        book.write("start", cid=cid)
        try:
            request = StartWorkflowRequest(name="kl_sdk", input={"n": n}, correlation_id=cid)
            run = client.start_workflow(request)
        except Exception:
            stop.wait(0.1)
            continue
        pace.started += 1
        book.write("started", cid=cid, run=run)


def poll_and_report(book, pace, worker):
    client = OrkesClients(Configuration()).get_task_client()
    sends = itertools.count()
    while True:
        try:
            tasks = client.batch_poll_tasks("kl_sdk_polled", worker, 5, 500) or []
        except Exception:
            time.sleep(0.1)
            continue
        for task in tasks:
            send = f"{worker}-{next(sends)}"
            told = {"step": "polled", "n": task.input_data["n"], "task": task.task_id, "send": send}
            result = TaskResult(
                workflow_instance_id=task.workflow_instance_id,
                task_id=task.task_id,
                worker_id=worker,
                status="COMPLETED",
                output_data=told,
            )
            book.write("result", task=task.task_id, output=told)
            try:
                client.update_task(result)
            except Exception:
                continue
            pace.reported += 1
            book.write("accepted", task=task.task_id, send=send)


def main():
    book, pace, stop = Book(sys.argv[1]), Pace(), threading.Event()
    for worker in ("polling-1", "polling-2"):
        args = (book, pace, worker)
        threading.Thread(target=poll_and_report, args=args, daemon=True).start()
    threading.Thread(target=start_runs, args=(book, pace, stop), daemon=True).start()
    with TaskHandler(configuration=Configuration(log_level="CRITICAL")) as handler:
        handler.start_processes()
        sys.stdin.read()
        stop.set()
        handler.join_processes()


logging.getLogger("conductor").setLevel(logging.CRITICAL)
if __name__ == "__main__":
    os.environ["NO_PROXY"] = "127.0.0.1,localhost"
    main()
