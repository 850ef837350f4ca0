"""Workers of the official SDK that tell how long each task took from ready to their hands.

    python handoff_workers.py URL TASK_TYPE

Prints `workers are up` once they poll, and works until it is killed. The time goes into the
output of each task, as `toHandsUs`: from the server's stamp, which is in whole milliseconds,
to the call of the worker's function. Both clocks are this machine's.
"""

import logging
import os
import sys
import time

from conductor.client.automator.task_handler import TaskHandler
from conductor.client.configuration.configuration import Configuration
from conductor.client.http.models.task import Task
from conductor.client.http.models.task_result import TaskResult
from conductor.client.worker.worker import Worker

# What the SDK's own documentation suggests for a worker that should be quick.
THREADS = 8
POLL_INTERVAL_MS = 10


def work(task: Task) -> TaskResult:
    now_us = time.time_ns() // 1000
    result = TaskResult(
        workflow_instance_id=task.workflow_instance_id,
        task_id=task.task_id,
        worker_id="fermata-bench-sdk",
    )
    result.status = "COMPLETED"
    result.output_data = {"toHandsUs": max(0, now_us - task.scheduled_time * 1000)}
    return result


def main():
    url, task_type = sys.argv[1:]
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"
    logging.getLogger("conductor").setLevel(logging.CRITICAL)
    worker = Worker(task_type, work, poll_interval=POLL_INTERVAL_MS, thread_count=THREADS)
    configuration = Configuration(server_api_url=url + "/api", log_level="CRITICAL")
    with TaskHandler(workers=[worker], configuration=configuration) as handler:
        handler.start_processes()
        # The processes need a moment until they poll; the warm-up of the bench covers the rest.
        time.sleep(1)
        print("workers are up", flush=True)
        handler.join_processes()


if __name__ == "__main__":
    main()
