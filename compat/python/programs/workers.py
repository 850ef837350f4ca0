"""The workers of tests/workers.py, as a user writes them: module-level functions and a TaskHandler.

Runs until it is killed. It prints `workers are up` when its processes are started.
"""

import os
import time
from dataclasses import dataclass

from conductor.client.automator.task_handler import TaskHandler
from conductor.client.configuration.configuration import Configuration
from conductor.client.context.task_context import TaskInProgress, get_task_context
from conductor.client.http.models.task_def import TaskDef
from conductor.client.worker.exception import NonRetryableException
from conductor.client.worker.worker_task import worker_task


@dataclass
class Order:
    id: str
    lines: int


@worker_task(task_definition_name="py_greet", thread_count=5)
def greet(name: str) -> str:
    return f"hello {name}"


@worker_task(task_definition_name="py_order")
def order(order: Order) -> dict:
    return {"id": order.id, "twice": order.lines * 2}


@worker_task(task_definition_name="py_async", thread_count=5)
async def add(a: int, b: int) -> dict:
    return {"sum": a + b, "pid": os.getpid()}


@worker_task(task_definition_name="py_flaky")
def flaky(fail_times: int) -> dict:
    context = get_task_context()
    context.add_log(f"attempt {context.get_retry_count()}")
    if fail_times < 0:
        raise NonRetryableException("never again")
    if context.get_retry_count() < fail_times:
        raise ValueError("not yet")
    return {"attempt": context.get_retry_count()}


@worker_task(
    task_definition_name="py_registered",
    register_task_def=True,
    task_def=TaskDef(
        name="py_registered",
        retry_count=7,
        retry_logic="FIXED",
        retry_delay_seconds=1,
        timeout_seconds=120,
        response_timeout_seconds=60,
    ),
)
def registered(n: int) -> dict:
    return {"n": n}


@worker_task(task_definition_name="py_leased", lease_extend_enabled=True)
def leased() -> dict:
    """Longer than the response timeout of its definition, which is 6 s. The SDK looks once a
    second whether four fifths of the timeout have passed."""
    time.sleep(8)
    return {"kept": True}


@worker_task(task_definition_name="py_stages")
def stages() -> TaskInProgress | dict:
    polls = get_task_context().get_poll_count()
    if polls < 3:
        return TaskInProgress(callback_after_seconds=1, output={"stage": polls})
    return {"stage": polls, "done": True}


def main():
    with TaskHandler(configuration=Configuration(), scan_for_annotated_workers=True) as handler:
        handler.start_processes()
        print("workers are up", flush=True)
        handler.join_processes()


if __name__ == "__main__":
    main()
