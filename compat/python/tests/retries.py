"""Attempts: automatic retries, their delays, and what ends them (semantics 2, 3)."""

import flows
from flows import (
    answer,
    define,
    define_task,
    ended,
    row,
    rows,
    run,
    simple,
    start,
    take,
    work,
)
from harness import eventually


def begin(server, name, **task_fields):
    """A run of one SIMPLE task, `x`, whose definition has these fields."""
    define_task(server, name, **task_fields)
    return start(server, define(server, f"flow_{name}", simple(name, "x")))


def test_failed_twice_then_completed(server):
    run_id = begin(server, "twice", retryCount=2)
    first = work(server, "twice", "FAILED", reasonForIncompletion="one")
    second = work(server, "twice", "FAILED", reasonForIncompletion="two")
    work(server, "twice", output={"ok": True})
    done = ended(server, run_id)
    assert done["output"] == {"ok": True}
    assert flows.statuses(done, "x") == ["FAILED", "FAILED", "COMPLETED"]
    attempts = rows(done, "x")
    assert [t["retryCount"] for t in attempts] == [0, 1, 2]
    assert [t["seq"] for t in attempts] == [1, 2, 3]
    assert [t["retried"] for t in attempts] == [True, True, False]
    assert all(t["executed"] for t in attempts)
    assert "retriedTaskId" not in attempts[0]
    assert attempts[1]["retriedTaskId"] == first["taskId"]
    assert attempts[2]["retriedTaskId"] == second["taskId"]
    assert done["failedReferenceTaskNames"] == ["x"], done["failedReferenceTaskNames"]


def test_exhausted_retries_fail_the_run(server):
    run_id = begin(server, "exhausted", retryCount=1)
    work(server, "exhausted", "FAILED", reasonForIncompletion="boom")
    last = work(server, "exhausted", "FAILED", {"left": 1}, reasonForIncompletion="boom")
    failed = ended(server, run_id, "FAILED")
    told = f"Task {last['taskId']} failed with status: FAILED and reason: 'boom'"
    assert failed["reasonForIncompletion"] == told, failed["reasonForIncompletion"]
    assert failed["output"] == {"left": 1}, failed["output"]


def test_terminal_error_is_never_retried(server):
    run_id = begin(server, "terminal", retryCount=5)
    work(server, "terminal", "FAILED_WITH_TERMINAL_ERROR", reasonForIncompletion="no use")
    failed = ended(server, run_id, "FAILED")
    assert flows.statuses(failed, "x") == ["FAILED_WITH_TERMINAL_ERROR"]
    assert "no use" in failed["reasonForIncompletion"]


def test_fixed_delay(server):
    run_id = begin(server, "delayed", retryCount=1, retryDelaySeconds=1)
    work(server, "delayed", "FAILED")
    second = rows(run(server, run_id), "x")[1]
    assert second["status"] == "SCHEDULED", second["status"]
    assert second["callbackAfterSeconds"] == 1, second["callbackAfterSeconds"]
    assert flows.poll(server, "delayed") is None, "handed out before its delay"
    again = work(server, "delayed")
    assert again["taskId"] == second["taskId"]
    assert again["callbackAfterSeconds"] == 0
    assert again["startTime"] - second["scheduledTime"] >= 1000
    ended(server, run_id)


def test_exponential_delay(server):
    policy = {"retryLogic": "EXPONENTIAL_BACKOFF", "retryCount": 3, "retryDelaySeconds": 1}
    run_id = begin(server, "growing", **policy)
    work(server, "growing", "FAILED")
    work(server, "growing", "FAILED")
    delays = [t["startDelayInSeconds"] for t in rows(run(server, run_id), "x")]
    assert delays == [0, 1, 2], delays
    server.delete(f"/api/workflow/{run_id}").expect(200)


def test_response_timeout_gives_a_new_attempt(server):
    run_id = begin(server, "silent", retryCount=1, responseTimeoutSeconds=1)
    lost = take(server, "silent")
    second = take(server, "silent", seconds=8)
    assert second["taskId"] != lost["taskId"]
    assert second["retryCount"] == 1
    # The worker that was given up comes back; its result is accepted and changes nothing.
    answer(server, lost, output={"from": "the late one"})
    answer(server, second, output={"from": "the second"})
    done = ended(server, run_id)
    assert flows.statuses(done, "x") == ["TIMED_OUT", "COMPLETED"]
    assert done["output"] == {"from": "the second"}
    reason = rows(done, "x")[0]["reasonForIncompletion"]
    assert reason.startswith("responseTimeout: 1 exceeded for the taskId: "), reason


def test_step_overrides_the_retry_count(server):
    define_task(server, "overridden", retryCount=5)
    step = {**simple("overridden", "x"), "retryCount": 0}
    run_id = start(server, define(server, "flow_overridden", step))
    work(server, "overridden", "FAILED", reasonForIncompletion="once")
    ended(server, run_id, "FAILED")


def test_optional_task_ends_with_errors_and_the_run_goes_on(server):
    define_task(server, "optional")
    define_task(server, "after")
    step = {**simple("optional", "x"), "optional": True}
    run_id = start(server, define(server, "flow_optional", step, simple("after")))
    work(server, "optional", "FAILED", reasonForIncompletion="never mind")
    work(server, "after")
    done = ended(server, run_id)
    assert flows.statuses(done, "x") == ["COMPLETED_WITH_ERRORS"]


def test_results_for_closed_tasks_change_nothing(server):
    run_id = begin(server, "closed")
    task = work(server, "closed", output={"v": 1})
    answer(server, task, "FAILED", {"v": 2}, reasonForIncompletion="too late")
    done = ended(server, run_id)
    assert row(done, "x")["status"] == "COMPLETED"
    assert done["output"] == {"v": 1}


def test_result_for_a_terminated_run_changes_nothing(server):
    run_id = begin(server, "cut")
    task = take(server, "cut")
    server.delete(f"/api/workflow/{run_id}", reason="enough").expect(200)
    answer(server, task, output={"v": 1})
    found = ended(server, run_id, "TERMINATED")
    assert found["reasonForIncompletion"] == "enough"
    assert row(found, "x")["status"] == "CANCELED"
    assert row(found, "x")["outputData"] == {}


def test_canceled_by_its_worker(server):
    run_id = begin(server, "given_up", retryCount=3)
    work(server, "given_up", "CANCELED", reasonForIncompletion="not today")
    ended(server, run_id, "TERMINATED")


def test_task_timeout_retries_then_times_the_run_out(server):
    limits = {"timeoutSeconds": 1, "responseTimeoutSeconds": 1, "timeoutPolicy": "RETRY"}
    run_id = begin(server, "slow", retryCount=1, **limits)
    take(server, "slow")
    take(server, "slow", seconds=8)
    failed = ended(server, run_id, "TIMED_OUT")
    assert flows.statuses(failed, "x") == ["TIMED_OUT", "TIMED_OUT"]


def test_poll_timeout_ends_the_run(server):
    run_id = begin(server, "unpolled", pollTimeoutSeconds=1, timeoutPolicy="TIME_OUT_WF")
    failed = ended(server, run_id, "TIMED_OUT")
    reason = row(failed, "x")["reasonForIncompletion"]
    assert reason.startswith("Task poll timed out after "), reason


def test_workflow_timeout(server):
    define_task(server, "idle")
    limits = {"timeoutSeconds": 1, "timeoutPolicy": "TIME_OUT_WF"}
    run_id = start(server, define(server, "flow_idle", simple("idle", "x"), **limits))
    failed = ended(server, run_id, "TIMED_OUT")
    assert failed["reasonForIncompletion"].startswith("Workflow timed out after ")
    assert flows.statuses(failed, "x") == ["CANCELED"]
    assert eventually(lambda: flows.poll(server, "idle") is None)
