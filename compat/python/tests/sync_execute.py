"""Synchronous execution: when it answers, and with what (REST 1.1.1, semantics 4.2)."""

import threading
import time

import flows
from conductor.client.http.models.start_workflow_request import StartWorkflowRequest
from flows import (
    define,
    define_task,
    ended,
    execute,
    inline,
    node,
    run,
    simple,
    start,
    work,
)
from sdk import Sdk


def timed(call):
    began = time.monotonic()
    found = call()
    return found, time.monotonic() - began


def test_run_of_inline_tasks_answers_completed(server):
    flow = define(server, "quick", inline("a", "1"), inline("b", "$.a + 1", a="${a.output.result}"))
    done, seconds = timed(lambda: execute(server, flow, query={"requestId": "r-1"}))
    assert done["status"] == "COMPLETED" and seconds < 5, (done["status"], seconds)
    assert done["responseType"] == "TARGET_WORKFLOW", done["responseType"]
    assert done["targetWorkflowId"] == done["workflowId"]
    assert done["targetWorkflowStatus"] == "COMPLETED"
    assert done["requestId"] == "r-1" and done["signalTimeout"] is False
    assert done["output"] == {"result": 2}, done["output"]
    assert [t["referenceTaskName"] for t in done["tasks"]] == ["a", "b"]


def test_version_zero_is_the_latest(server):
    define(server, "versions", inline("old", "1"))
    body = {"name": "versions", "version": 2, "tasks": [inline("new", "2")], "schemaVersion": 2}
    server.post("/api/metadata/workflow", body).expect(200)
    assert execute(server, "versions", version=0)["output"] == {"result": 2}
    assert execute(server, "versions", version=1)["output"] == {"result": 1}


def test_answers_when_a_named_task_is_done(server):
    define_task(server, "nobody")
    flow = define(server, "until_ref", inline("first", "1"), simple("nobody"))
    query = {"waitUntilTaskRef": " other , first ", "waitForSeconds": 20}
    found, seconds = timed(lambda: execute(server, flow, query=query))
    assert found["status"] == "RUNNING" and seconds < 10, (found["status"], seconds)
    assert found["signalTimeout"] is False
    assert [t["referenceTaskName"] for t in found["tasks"]] == ["first", "nobody"]


def test_answers_running_after_its_time(server):
    define_task(server, "nobody")
    flow = define(server, "too_slow", simple("nobody"))
    query = {"waitUntilTaskRef": "nobody", "waitForSeconds": 1}
    found, seconds = timed(lambda: execute(server, flow, query=query))
    assert found["status"] == "RUNNING" and found["signalTimeout"] is True
    assert 0.9 <= seconds < 8, seconds


def test_waits_for_a_worker(server):
    define_task(server, "sync_work")
    flow = define(server, "with_worker", simple("sync_work", "x"))
    worker = threading.Thread(target=work, args=(server, "sync_work"), kwargs={"output": {"v": 9}})
    worker.start()
    try:
        done = execute(server, flow, query={"waitForSeconds": 20, "waitUntilTaskRef": "None"})
    finally:
        worker.join()
    assert done["status"] == "COMPLETED" and done["output"] == {"v": 9}


def test_open_wait_blocks_and_a_timed_one_does_not(server):
    flow = define(server, "blocked", node("WAIT", "gate"))
    found, seconds = timed(lambda: execute(server, flow, query={"waitForSeconds": 20}))
    assert found["status"] == "RUNNING" and seconds < 10, seconds
    flow = define(server, "timed", node("WAIT", "gate", {"duration": "1 second"}), inline("z", "1"))
    done, seconds = timed(lambda: execute(server, flow, query={"waitForSeconds": 20}))
    assert done["status"] == "COMPLETED" and 0.9 <= seconds < 10, (done["status"], seconds)


def test_return_strategies(server):
    child = define(server, "strategy_child", node("WAIT", "gate", {"for": "you"}))
    sub = node("SUB_WORKFLOW", "sub", {"k": 1}, subWorkflowParam={"name": child})
    flow = define(server, "strategy_parent", sub)
    base = {"waitForSeconds": 20}
    target = execute(server, flow, query=base)
    assert target["workflowId"] == target["targetWorkflowId"]
    blocking = execute(server, flow, query={**base, "returnStrategy": "BLOCKING_WORKFLOW"})
    assert blocking["workflowId"] != blocking["targetWorkflowId"]
    assert run(server, blocking["workflowId"])["parentWorkflowId"] == blocking["targetWorkflowId"]
    for strategy in ("BLOCKING_TASK", "BLOCKING_TASK_INPUT"):
        task = execute(server, flow, query={**base, "returnStrategy": strategy})
        assert task["responseType"] == strategy, task["responseType"]
        assert task["referenceTaskName"] == "gate" and task["taskType"] == "WAIT"
        assert task["input"]["for"] == "you" and task["status"] == "IN_PROGRESS"
    reply = server.call(
        "POST",
        f"/api/workflow/execute/{flow}/1",
        {"input": {}},
        query={"returnStrategy": "EVERYTHING"},
    )
    reply.expect_error(400)


def test_blocking_task_with_nothing_blocking_is_the_target(server):
    flow = define(server, "nothing_blocks", inline("a", "1"))
    found = execute(server, flow, query={"returnStrategy": "BLOCKING_TASK"})
    assert found["workflowId"] == found["targetWorkflowId"] and found["status"] == "COMPLETED"


def test_executor_of_the_sdk(server):
    sdk = Sdk(server)
    flow = define(server, "sdk_exec", inline("a", "$.n * 2", n="${workflow.input.n}"))
    result = sdk.executor.execute(flow, 1, {"n": 21}, correlation_id="corr")
    assert result.status == "COMPLETED" and result.output == {"result": 42}, result.output
    assert result.correlation_id == "corr" and result.request_id
    request = StartWorkflowRequest(name=flow, version=1, input={"n": 1})
    signal = sdk.executor.execute_workflow_with_return_strategy(
        request, return_strategy="TARGET_WORKFLOW"
    )
    assert signal.is_target_workflow() and signal.output == {"result": 2}, signal


def test_signal_sync_walks_from_wait_to_wait(server):
    sdk = Sdk(server)
    flow = define(server, "two_gates", node("WAIT", "gate_1"), node("WAIT", "gate_2"))
    run_id = start(server, flow)
    answer = sdk.executor.signal(run_id, "COMPLETED", {"n": 1}, "BLOCKING_TASK")
    assert answer.is_blocking_task(), answer
    assert answer.reference_task_name == "gate_2", answer.reference_task_name
    answer = sdk.executor.signal(run_id, "COMPLETED", {"n": 2})
    assert answer.target_workflow_status == "COMPLETED" and answer.workflow_id == run_id
    outputs = [t["outputData"] for t in ended(server, run_id)["tasks"]]
    assert outputs == [{"n": 1}, {"n": 2}], outputs
    server.post(f"/api/tasks/{run_id}/COMPLETED/signal/sync", {}).expect_error(404)


def test_execute_of_an_unknown_workflow(server):
    reply = server.post("/api/workflow/execute/no_such_flow/3", {"input": {}})
    reply.expect_error(404, "No such workflow defined. name=no_such_flow, version=3")
    assert flows.execute(server, define(server, "still_fine", inline("a", "1")))
