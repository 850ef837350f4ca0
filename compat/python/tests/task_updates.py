"""The worker's side of the wire: polls, results, logs, leases, domains (REST 1.4)."""

import time

import flows
from flows import (
    answer,
    define,
    define_task,
    ended,
    poll,
    row,
    run,
    simple,
    start,
    take,
    work,
)
from harness import always
from sdk import Sdk


def begin(server, name, **task_fields):
    define_task(server, name, **task_fields)
    return start(server, define(server, f"flow_{name}", simple(name, "x", n="${workflow.input.n}")))


def result(task, outcome="COMPLETED", **fields):
    return {
        "workflowInstanceId": task["workflowInstanceId"],
        "taskId": task["taskId"],
        "status": outcome,
        **fields,
    }


def test_poll_marks_the_task(server):
    run_id = begin(server, "polled", responseTimeoutSeconds=77)
    task = take(server, "polled")
    assert task["status"] == "IN_PROGRESS" and task["pollCount"] == 1
    assert task["workerId"] == "compat" and task["workflowInstanceId"] == run_id
    assert task["responseTimeoutSeconds"] == 77 and task["startTime"] >= task["scheduledTime"]
    assert task["taskType"] == "polled" and task["workflowType"] == "flow_polled"
    assert task["taskDefinition"]["name"] == "polled"
    assert poll(server, "polled") is None, "one task, two hands"
    answer(server, task)
    assert row(ended(server, run_id), "x")["workerId"] == "compat"


def test_empty_polls(server):
    assert server.get("/api/tasks/poll/nothing_here").expect(204).body == b""
    batch = server.get("/api/tasks/poll/batch/nothing_here", count=5, timeout=50).expect(200)
    assert batch.json() == []
    reply = server.get("/api/tasks/poll/batch/nothing_here", timeout=5001)
    reply.expect_error(400, "Long Poll Timeout value cannot be more than 5 seconds")


def test_batch_poll(server):
    ids = [begin(server, "batched") for _ in range(5)]
    sdk = Sdk(server)
    got = sdk.tasks.batch_poll_tasks("batched", "w", count=3, timeout_in_millisecond=500)
    assert len(got) == 3, len(got)
    got += sdk.tasks.batch_poll_tasks("batched", "w", count=10, timeout_in_millisecond=500)
    assert sorted(t.workflow_instance_id for t in got) == sorted(ids)
    for task in got:
        answer(server, {"workflowInstanceId": task.workflow_instance_id, "taskId": task.task_id})
    for run_id in ids:
        ended(server, run_id)


def test_long_poll_is_answered_when_the_task_comes(server):
    define_task(server, "awaited")
    flow = define(server, "flow_awaited", simple("awaited", "x"))
    import threading

    found = {}

    def wait():
        began = time.monotonic()
        path = "/api/tasks/poll/batch/awaited"
        found["tasks"] = server.get(path, count=1, timeout=5000).expect(200).json()
        found["seconds"] = time.monotonic() - began

    waiter = threading.Thread(target=wait)
    waiter.start()
    time.sleep(0.3)
    run_id = start(server, flow)
    waiter.join()
    assert len(found["tasks"]) == 1 and found["seconds"] < 4, found
    answer(server, found["tasks"][0])
    ended(server, run_id)


def test_priority(server):
    define_task(server, "ranked")
    flow = define(server, "flow_ranked", simple("ranked", "x"))
    low = start(server, flow)
    high = start(server, flow, priority=9)
    order = [work(server, "ranked")["workflowInstanceId"] for _ in range(2)]
    assert order == [high, low], "priority first, then age"
    reply = server.post("/api/workflow", {"name": flow, "input": {}, "priority": 100})
    reply.expect_error(400, "99")


def test_update_v2_hands_out_the_next_task(server):
    first_run, second_run = begin(server, "chained"), begin(server, "chained")
    first = take(server, "chained")
    reply = server.post("/api/tasks/update-v2", result(first, workerId="w2")).expect(200)
    second = reply.json()
    assert second["workflowInstanceId"] == second_run and second["status"] == "IN_PROGRESS"
    assert second["workerId"] == "w2", second["workerId"]
    assert server.post("/api/tasks/update-v2", result(second)).expect(204).body == b""
    ended(server, first_run)
    ended(server, second_run)


def test_update_v2_of_an_open_task_hands_out_nothing(server):
    run_id = begin(server, "stepwise")
    other = begin(server, "stepwise")
    task = take(server, "stepwise")
    reply = server.post(
        "/api/tasks/update-v2", result(task, "IN_PROGRESS", callbackAfterSeconds=30)
    )
    assert reply.expect(204).body == b""
    extend = {**result(task), "status": "IN_PROGRESS", "extendLease": True}
    assert server.post("/api/tasks/update-v2", extend).expect(204).body == b""
    for one in (run_id, other):
        server.delete(f"/api/workflow/{one}").expect(200)


def test_in_progress_with_callback(server):
    run_id = begin(server, "later")
    task = take(server, "later")
    answer(server, task, "IN_PROGRESS", {"at": 1}, callbackAfterSeconds=1)
    waiting = row(run(server, run_id), "x")
    assert waiting["status"] == "SCHEDULED" and waiting["outputData"] == {"at": 1}, waiting[
        "status"
    ]
    assert waiting["callbackAfterSeconds"] == 1
    assert poll(server, "later") is None, "handed out before its delay"
    again = take(server, "later")
    assert again["taskId"] == task["taskId"] and again["pollCount"] == 2
    answer(server, again, output={"only": "the last"})
    assert ended(server, run_id)["output"] == {"only": "the last"}


def test_lease_extension(server):
    run_id = begin(server, "leased", responseTimeoutSeconds=1, retryCount=3)
    task = take(server, "leased")
    lease = {**result(task), "extendLease": True, "status": None}
    for _ in range(4):
        time.sleep(0.6)
        assert server.post("/api/tasks", lease).expect(200).text == task["taskId"]
        assert flows.statuses(run(server, run_id), "x") == ["IN_PROGRESS"]
    answer(server, task, output={"in": "time"})
    assert flows.statuses(ended(server, run_id), "x") == ["COMPLETED"]
    server.post("/api/tasks", lease).expect(200)
    missing = {**lease, "taskId": "no-such-task"}
    server.post("/api/tasks", missing).expect_error(404, "No such task found by id: no-such-task")


def test_logs(server):
    run_id = begin(server, "logged")
    task = take(server, "logged")
    path = f"/api/tasks/{task['taskId']}/log"
    assert server.get(path).expect(204).body == b""
    sdk = Sdk(server)
    sdk.tasks.add_task_log(task["taskId"], "first line")
    server.call("POST", path, b"second, raw", headers={"Content-Type": "text/plain"}).expect(200)
    lines = [{"log": f"from the result {n}", "createdTime": 5} for n in range(12)]
    answer(server, task, logs=lines)
    found = server.get(path).expect(200).json()
    assert all(line["taskId"] == task["taskId"] for line in found)
    texts = [line["log"] for line in found]
    # The SDK sends its line as a JSON string; the body is stored verbatim.
    assert texts[0] in ("first line", '"first line"') and texts[1] == "second, raw", texts[:2]
    assert texts[2:] == [f"from the result {n}" for n in range(10)], texts[2:]
    assert len(sdk.tasks.get_task_logs(task["taskId"])) == 12
    ended(server, run_id)


def test_domains(server):
    define_task(server, "placed")
    flow = define(server, "flow_placed", simple("placed", "x"))
    run_id = start(server, flow, taskToDomain={"placed": "north"})
    assert poll(server, "placed") is None and poll(server, "placed", domain="south") is None
    task = take(server, "placed", domain="north")
    assert task["domain"] == "north", task.get("domain")
    answer(server, task)
    ended(server, run_id)
    # No worker has polled `west` lately, so the task goes to whoever has no domain.
    run_id = start(server, flow, taskToDomain={"*": "west,NO_DOMAIN"})
    answer(server, take(server, "placed"))
    ended(server, run_id)
    # `north` has been polled within the last seconds, so it wins over the last entry.
    run_id = start(server, flow, taskToDomain={"*": "north,NO_DOMAIN"})
    answer(server, take(server, "placed", domain="north"))
    ended(server, run_id)


def test_retry_keeps_the_domain(server):
    define_task(server, "homely", retryCount=1)
    flow = define(server, "flow_homely", simple("homely", "x"))
    run_id = start(server, flow, taskToDomain={"*": "home"})
    answer(server, take(server, "homely", domain="home"), "FAILED")
    answer(server, take(server, "homely", domain="home"))
    ended(server, run_id)


def test_get_task_and_unknown_ids(server):
    run_id = begin(server, "looked_up")
    task = take(server, "looked_up")
    found = Sdk(server).tasks.get_task(task["taskId"])
    assert found.task_id == task["taskId"] and found.reference_task_name == "x"
    server.get("/api/tasks/nope").expect_error(404, "Task not found for taskId: nope")
    lost = {"workflowInstanceId": "nope", "taskId": task["taskId"], "status": "COMPLETED"}
    server.post("/api/tasks", lost).expect_error(404, "No such workflow found by id: nope")
    lost = {"workflowInstanceId": run_id, "taskId": "nope", "status": "COMPLETED"}
    server.post("/api/tasks", lost).expect_error(404, "No such task found by id: nope")
    server.post("/api/tasks/update-v2", lost).expect_error(404)
    answer(server, task)
    ended(server, run_id)


def test_invalid_results_are_refused(server):
    run_id = begin(server, "checked")
    task = take(server, "checked")
    for body in (
        {"workflowInstanceId": run_id, "status": "COMPLETED"},
        {"taskId": task["taskId"], "status": "COMPLETED"},
        {**result(task), "status": "COMPLETE"},
        {**result(task), "status": None},
        {**result(task), "outputData": [1, 2]},
    ):
        server.post("/api/tasks", body).expect_error(400)
    assert flows.statuses(run(server, run_id), "x") == ["IN_PROGRESS"]
    always(lambda: flows.status(server, run_id) == "RUNNING", 0.2)
    answer(server, task)
    ended(server, run_id)
